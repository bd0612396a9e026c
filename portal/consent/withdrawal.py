"""The document of a withdrawal, whole or in part, frozen beside the consent (42 CFR 2.31(a)(6)).

For counsel to confirm, as the consent itself; a changed word needs a new `WITHDRAWAL_VERSION`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_datetime

from portal.consent.document import items
from portal.consent.rules import Scope
from portal.consent.texts import day, part

WITHDRAWAL_VERSION = "withdrawal-1"


WITHDRAWAL = {
    "en": {
        "title": "Withdrawal of permission",
        "title_part": "Withdrawal of a part of a permission",
        "source": "In writing, under 42 CFR part 2, section 2.31(a)(6).",
        "who": "Whose permission",
        "who_text": "{client}, signed on {signed_on}, to share with {recipient}.",
        "falls": "What may not be shared any more",
        "all_text": "Nothing may be shared any more. In particular:",
        "kept": "What may still be shared",
        "when": "From when",
        "when_text": "At once: {at} ({zone}).",
        "done": "What was done before",
        "done_text": "It cannot be taken back. Recorded until now: shared {shared} times, of these {mails} "
        "by e-mail; the last time on {last}.",
        "none_text": "Nothing had been shared because of this permission.",
        "part_text": "What was shared before cannot be taken back. It stands in the list of what was shared.",
        "care": "My care",
        "care_text": "This does not change my care here, what I pay, or what I have a right to.",
        "signature": "Signature",
        "own_account": "Withdrawn electronically by {client}, in their own account.",
        "at_desk": "Withdrawn electronically by {client}, at the office.",
        "written_note": "Withdrawn by {client} in a signed note, which is on file. Recorded by {staff}.",
    },
    "es": {
        "title": "Fin de un permiso",
        "title_part": "Fin de una parte de un permiso",
        "source": "Por escrito, según 42 CFR parte 2, sección 2.31(a)(6).",
        "who": "De quién es el permiso",
        "who_text": "{client}, firmado el {signed_on}, para compartir con {recipient}.",
        "falls": "Qué ya no se puede compartir",
        "all_text": "Ya no se puede compartir nada. En particular:",
        "kept": "Qué se puede seguir compartiendo",
        "when": "Desde cuándo",
        "when_text": "De inmediato: {at} ({zone}).",
        "done": "Lo que se hizo antes",
        "done_text": "No se puede deshacer. Registrado hasta ahora: se compartió {shared} veces, de ellas "
        "{mails} por correo electrónico; la última vez el {last}.",
        "none_text": "No se había compartido nada por este permiso.",
        "part_text": "Lo que se compartió antes no se puede deshacer. Está en la lista de lo compartido.",
        "care": "Mi atención",
        "care_text": "Esto no cambia mi atención aquí, lo que pago ni aquello a lo que tengo derecho.",
        "signature": "Firma",
        "own_account": "{client} lo terminó electrónicamente en su propia cuenta.",
        "at_desk": "{client} lo terminó electrónicamente en la oficina.",
        "written_note": "{client} lo terminó con una nota firmada, que está archivada. Lo registró {staff}.",
    },
}


@dataclass(frozen=True)
class Already:
    """What the ledger holds of one consent: it stays done."""

    shared: int
    mails: int
    last_on: date


@dataclass(frozen=True)
class Withdrawn:
    """What the document of a withdrawal says. `at` is local time in `zone`."""

    client_name: str
    recipient_name: str
    signed_on: date | None
    fallen: frozenset[Scope]
    kept: frozenset[Scope]
    at: datetime
    zone: str
    way: str
    recorded_by: str
    already: Already | None


def text(facts: Withdrawn, *, language: str) -> str:
    """The text of a withdrawal, whole or in part."""
    words = WITHDRAWAL[language]
    at = format_datetime(facts.at, "long", locale=language)
    return "\n".join(
        [
            f"# {words['title_part' if facts.kept else 'title']}",
            words["source"],
            *part(
                "who",
                words,
                client=facts.client_name,
                signed_on=day(facts.signed_on, language),
                recipient=facts.recipient_name,
            ),
            f"## {words['falls']}",
            *([] if facts.kept else [words["all_text"]]),
            *items(facts.fallen, language),
            *([f"## {words['kept']}", *items(facts.kept, language)] if facts.kept else []),
            *part("when", words, at=at, zone=facts.zone),
            f"## {words['done']}",
            _done(facts, language),
            *part("care", words),
            f"## {words['signature']}",
            words[facts.way].format(client=facts.client_name, staff=facts.recorded_by),
        ]
    )


def _done(facts: Withdrawn, language: str) -> str:
    words = WITHDRAWAL[language]
    if facts.kept:
        return words["part_text"]
    if facts.already is None:
        return words["none_text"]
    return words["done_text"].format(
        shared=facts.already.shared, mails=facts.already.mails, last=day(facts.already.last_on, language)
    )
