"""The text of a consent, in English and Spanish, frozen at signing (42 CFR 2.31(a)).

For counsel to confirm: the wording is the portal's own and nobody's legal advice. A change
of any word here needs a new `TEMPLATE_VERSION`; signed texts are stored whole and stay.

A text is plain lines: `# ` a title, `## ` a heading, `- ` an item, else a paragraph.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from babel.dates import format_date, format_datetime

from portal.consent.rules import Elements, Scope

TEMPLATE_VERSION = "family-2"
WITHDRAWAL_VERSION = "withdrawal-1"
FOR_COUNSEL = True
"""Nobody has confirmed this wording yet; staff pages say so."""

LANGUAGES = ("en", "es")

PURPOSES = {
    "en": {
        "family_program": "So that this person can take part in the family program and support me.",
        "own_request": "At my own request.",
    },
    "es": {
        "family_program": "Para que esta persona pueda participar en el programa familiar y apoyarme.",
        "own_request": "A petición mía.",
    },
}

RELATIONSHIPS = {
    "en": {
        "spouse": "spouse",
        "partner": "partner",
        "mother": "mother",
        "father": "father",
        "child": "child",
        "sibling": "sibling",
        "grandparent": "grandparent",
        "other_relative": "relative",
        "friend": "friend",
        "guardian": "guardian",
    },
    "es": {
        "spouse": "cónyuge",
        "partner": "pareja",
        "mother": "madre",
        "father": "padre",
        "child": "hijo o hija",
        "sibling": "hermano o hermana",
        "grandparent": "abuelo o abuela",
        "other_relative": "pariente",
        "friend": "amigo o amiga",
        "guardian": "tutor o tutora",
    },
}

INFORMATION = {
    "en": {
        Scope.SESSIONS: "Family sessions: the dates, times and places of family sessions this person may "
        "join, and messages to this person about those sessions.",
        Scope.LESSONS: "Lessons: the family lessons that my care team picks for us, and messages to this "
        "person about those lessons.",
        Scope.PROGRAM_TIMES: "Program times: the days and hours in which my program takes place, without "
        "any group name. If my times change or stop, this person will see that.",
        Scope.GROUP_NAMES: "Group names: the names of the groups on my schedule.",
        Scope.PROGRAM_STEP: "Program step: the week of the program I am in and my level of care.",
        Scope.FINISHED_OR_LEFT: "That I finished the program or left it, and when.",
    },
    "es": {
        Scope.SESSIONS: "Sesiones familiares: los días, las horas y los lugares de las sesiones familiares "
        "a las que esta persona puede asistir, y mensajes a esta persona sobre esas sesiones.",
        Scope.LESSONS: "Lecciones: las lecciones para la familia que mi equipo elige para nosotros, y "
        "mensajes a esta persona sobre esas lecciones.",
        Scope.PROGRAM_TIMES: "Horario del programa: los días y las horas de mi programa, sin nombres de "
        "grupos. Si mi horario cambia o se detiene, esta persona lo verá.",
        Scope.GROUP_NAMES: "Nombres de los grupos: los nombres de los grupos de mi horario.",
        Scope.PROGRAM_STEP: "Etapa del programa: la semana del programa en la que estoy y mi nivel de "
        "atención.",
        Scope.FINISHED_OR_LEFT: "Que terminé el programa o lo dejé, y cuándo.",
    },
}

REVOCATION = {
    "en": "I can change or stop this permission at any time, in writing. I can do it on the page “Who can "
    "see what” of my account, or with a signed note to the office: {office}. It ends at once. What was "
    "already shared because of this permission cannot be taken back. If I only say it, staff pause the "
    "sharing at once and then ask me to put it in writing.",
    "es": "Puedo cambiar o terminar este permiso en cualquier momento, por escrito. Puedo hacerlo en la "
    "página “Quién puede ver qué” de mi cuenta o con una nota firmada a la oficina: {office}. Termina de "
    "inmediato. Lo que ya se compartió gracias a este permiso no se puede deshacer. Si solo lo digo de "
    "palabra, el personal detiene todo de inmediato y después me pide que lo ponga por escrito.",
}

REDISCLOSURE = {
    "en": "Federal rules (42 CFR part 2) protect these records. This person is told that they may not pass "
    "on what they see, and that it may not be used against me in a court or other proceeding without my "
    "consent or a court order. Still, this person is not a health care provider, and the center cannot "
    "control what they do with what they know.",
    "es": "Las normas federales (42 CFR parte 2) protegen estos datos. A esta persona se le dice que no "
    "puede pasar a otros lo que ve y que no se puede usar en mi contra en un tribunal u otro procedimiento "
    "sin mi consentimiento o una orden judicial. Aun así, esta persona no es un proveedor de salud y el "
    "centro no puede controlar lo que hace con lo que sabe.",
}

REFUSAL = {
    "en": "I do not have to sign. Saying no, or stopping later, does not change my care here, what I pay, or "
    "what I have a right to.",
    "es": "No tengo que firmar. Decir que no, o terminar el permiso más tarde, no cambia mi atención aquí, "
    "lo que pago ni aquello a lo que tengo derecho.",
}

BASES = {
    "en": {
        "parent": "parent",
        "court_guardian": "guardian named by a court",
        "other_authority": "another person with authority under the law, with papers on file",
    },
    "es": {
        "parent": "madre o padre",
        "court_guardian": "tutor o tutora por decisión de un tribunal",
        "other_authority": "otra persona con autoridad según la ley, con los documentos archivados",
    },
}
"""Why somebody may sign beside a client under 18."""

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

FRAME = {
    "en": {
        "title": "Permission to share information",
        "source": "Written consent under 42 CFR part 2, section 2.31.",
        "who": "Whose information",
        "who_text": "{client}",
        "discloser": "Who may share it",
        "discloser_text": "{discloser}, with its staff and through its family portal.",
        "recipient": "With whom",
        "recipient_text": "{recipient} (relationship to me: {relationship}). Only this one person.",
        "what": "What may be shared",
        "what_text": "That I am a client here, and only the following:",
        "never": "Nothing else may be shared with this permission: no diagnosis, no test results, no "
        "medicines, no notes, not whether I attended, and nothing about a return to use.",
        "purpose": "What for",
        "until": "Until when",
        "until_text": "To the end of {until} ({zone}), unless I stop it sooner.",
        "stop": "How I can change or stop it",
        "onward": "Passing on",
        "refusal": "If I say no",
        "limits": "What this permission is not for",
        "limits_text": "It does not cover counseling notes. It is not for any civil, criminal, "
        "administrative or legislative proceeding. Nobody may use it to raise funds.",
        "copy": "My copy",
        "copy_text": "I get a copy of this permission as soon as I sign it.",
        "signature": "Signature",
        "signed_text": "Signed by {signer} on {on}.",
        "own_account": "Signed electronically, in my own account.",
        "desk": "Signed electronically at the office, in the presence of {witness}.",
        "paper": "Signed on paper; {witness} attests that the original is on file.",
        "guardian": "Signature of a parent or guardian",
        "guardian_text": "The client is under 18. Also signed by {signer} ({relationship}; basis: {basis}) "
        "on {on}. This permission ends at the latest on the client's 18th birthday.",
    },
    "es": {
        "title": "Permiso para compartir información",
        "source": "Consentimiento por escrito según 42 CFR parte 2, sección 2.31.",
        "who": "De quién es la información",
        "who_text": "{client}",
        "discloser": "Quién puede compartirla",
        "discloser_text": "{discloser}, por medio de su personal y de su portal para familias.",
        "recipient": "Con quién",
        "recipient_text": "{recipient} (relación conmigo: {relationship}). Solo con esta persona.",
        "what": "Qué se puede compartir",
        "what_text": "Que recibo atención aquí, y solo lo siguiente:",
        "never": "Con este permiso no se puede compartir nada más: ningún diagnóstico, ningún resultado de "
        "pruebas, ningún medicamento, ninguna nota, ni si asistí, ni nada sobre una vuelta al consumo.",
        "purpose": "Para qué",
        "until": "Hasta cuándo",
        "until_text": "Hasta el final del {until} ({zone}), si no lo termino antes.",
        "stop": "Cómo puedo cambiarlo o terminarlo",
        "onward": "Pasar la información a otros",
        "refusal": "Si digo que no",
        "limits": "Para qué no es este permiso",
        "limits_text": "No abarca las notas de consejería. No es para ningún procedimiento civil, penal, "
        "administrativo o legislativo. Nadie puede usarlo para recaudar fondos.",
        "copy": "Mi copia",
        "copy_text": "Recibo una copia de este permiso en cuanto lo firmo.",
        "signature": "Firma",
        "signed_text": "Firmado por {signer} el {on}.",
        "own_account": "Firmado electrónicamente en mi propia cuenta.",
        "desk": "Firmado electrónicamente en la oficina, en presencia de {witness}.",
        "paper": "Firmado en papel; {witness} da fe de que el original está archivado.",
        "guardian": "Firma de la madre, el padre o el tutor",
        "guardian_text": "La persona atendida es menor de 18 años. Firmado también por {signer} "
        "({relationship}; base: {basis}) el {on}. Este permiso termina a más tardar cuando cumpla 18 años.",
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


@dataclass(frozen=True)
class Block:
    """A piece of a text for a page: `kind` is title, heading, items or text."""

    kind: str
    lines: tuple[str, ...]


def body(elements: Elements, *, language: str, zone: str) -> str:
    """All that the person reads before signing. Its digest ties the signature to what was read."""
    words = FRAME[language]
    return "\n".join(
        [
            f"# {words['title']}",
            words["source"],
            *_part("who", words, client=elements.client_name),
            *_part("discloser", words, discloser=elements.discloser),
            *_part(
                "recipient",
                words,
                recipient=elements.recipient_name,
                relationship=RELATIONSHIPS[language].get(elements.recipient_relationship, ""),
            ),
            *_part("what", words),
            *_items(elements.scopes, language),
            words["never"],
            f"## {words['purpose']}",
            PURPOSES[language].get(elements.purpose, elements.purpose),
            *_part("until", words, until=day(elements.expires_on, language), zone=zone),
            f"## {words['stop']}",
            elements.revocation_statement,
            f"## {words['onward']}",
            elements.redisclosure_statement,
            f"## {words['refusal']}",
            elements.refusal_statement,
            *_part("limits", words),
            *_part("copy", words),
        ]
    )


def signature(elements: Elements, *, language: str, method: str, witness_name: str) -> str:
    """The lines that signing adds below the body."""
    words = FRAME[language]
    signed = words["signed_text"].format(signer=elements.signer_name, on=day(elements.signed_on, language))
    return "\n".join((f"## {words['signature']}", signed, words[method].format(witness=witness_name)))


def guardian_signature(
    *, language: str, name: str, relationship: str, basis: str, on: date, method: str, witness_name: str
) -> tuple[str, ...]:
    """The lines that the signature of a parent or guardian adds below the client's (2.14)."""
    words = FRAME[language]
    signed = words["guardian_text"].format(
        signer=name,
        relationship=RELATIONSHIPS[language][relationship],
        basis=BASES[language][basis],
        on=day(on, language),
    )
    return f"## {words['guardian']}", signed, words[method].format(witness=witness_name)


def withdrawal(facts: Withdrawn, *, language: str) -> str:
    """The text of a withdrawal, whole or in part."""
    words = WITHDRAWAL[language]
    at = format_datetime(facts.at, "long", locale=language)
    return "\n".join(
        [
            f"# {words['title_part' if facts.kept else 'title']}",
            words["source"],
            *_part(
                "who",
                words,
                client=facts.client_name,
                signed_on=day(facts.signed_on, language),
                recipient=facts.recipient_name,
            ),
            f"## {words['falls']}",
            *([] if facts.kept else [words["all_text"]]),
            *_items(facts.fallen, language),
            *([f"## {words['kept']}", *_items(facts.kept, language)] if facts.kept else []),
            *_part("when", words, at=at, zone=facts.zone),
            f"## {words['done']}",
            _done(facts, language),
            *_part("care", words),
            f"## {words['signature']}",
            words[facts.way].format(client=facts.client_name, staff=facts.recorded_by),
        ]
    )


def _items(scopes: frozenset[Scope], language: str) -> list[str]:
    return [f"- {INFORMATION[language][scope]}" for scope in Scope if scope in scopes]


def _done(facts: Withdrawn, language: str) -> str:
    words = WITHDRAWAL[language]
    if facts.kept:
        return words["part_text"]
    if facts.already is None:
        return words["none_text"]
    return words["done_text"].format(
        shared=facts.already.shared, mails=facts.already.mails, last=day(facts.already.last_on, language)
    )


def digest(text: str) -> str:
    """SHA-256 of a text, as stored beside it."""
    return hashlib.sha256(text.encode()).hexdigest()


def day(on: date | None, language: str) -> str:
    """A date in words, in the document's language; nothing for no date."""
    return format_date(on, "long", locale=language) if on else ""


def blocks(text: str) -> list[Block]:
    """The text in pieces that a page can show."""
    marked = [_marked(line) for line in text.splitlines() if line.strip()]
    pieces: list[Block] = []
    for kind, group in groupby(marked, key=lambda pair: pair[0]):
        lines = tuple(line for _, line in group)
        pieces += [Block(kind, lines)] if kind == "items" else [Block(kind, (line,)) for line in lines]
    return pieces


def _part(name: str, words: dict[str, str], **values: str) -> tuple[str, str]:
    return f"## {words[name]}", words[f"{name}_text"].format(**values)


def _marked(line: str) -> tuple[str, str]:
    for mark, kind in (("# ", "title"), ("## ", "heading"), ("- ", "items")):
        if line.startswith(mark):
            return kind, line.removeprefix(mark)
    return "text", line
