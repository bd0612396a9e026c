"""One sentence for each reason to refuse: what is wrong, then what to do.

The keys are the codes of `core.errors.Refused`. A test finds every code raised in the
portal and fails when one has no sentence here.
"""

from flask_babel import gettext, lazy_gettext

from portal.core.errors import Refused

_ = lazy_gettext

SENTENCES = {
    "changed_meanwhile": _("This changed while you were looking at it. Look again, then decide."),
}


def sentence(refusal: Refused) -> str:
    """The sentence for a refusal, in the language of this request."""
    text = SENTENCES.get(refusal.code)
    if text is None:
        return gettext("That did not work, and nothing was changed. Call the office and we will help.")
    return str(text) % refusal.detail if refusal.detail else str(text)
