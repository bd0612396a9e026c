"""One sentence for each reason to refuse: what is wrong, then what to do.

The keys are the codes of `core.errors.Refused`. A test finds every code raised in the
portal and fails when one has no sentence here.
"""

from flask_babel import gettext, lazy_gettext

from portal.core.errors import Refused

_ = lazy_gettext

SENTENCES = {
    "address_not_understood": _(
        "This does not look like an e-mail address. Type it again, such as ana@mail.example."
    ),
    "changed_meanwhile": _("This changed while you were looking at it. Look again, then decide."),
    # accounts
    "name_taken": _("This sign-in name is in use. Choose another one."),
    "passphrase_too_short": _(
        "This passphrase is too short. Use at least %(least)s characters; a few words work well."
    ),
    "passphrase_too_long": _("This passphrase is too long. Use at most %(most)s characters."),
    "passphrase_well_known": _(
        "This passphrase is well known or easy to guess. Choose words that only you would put together."
    ),
}


def sentence(refusal: Refused) -> str:
    """The sentence for a refusal, in the language of this request."""
    text = SENTENCES.get(refusal.code)
    if text is None:
        return gettext("That did not work, and nothing was changed. Call the office and we will help.")
    return str(text) % refusal.detail if refusal.detail else str(text)
