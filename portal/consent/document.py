"""The text of a consent: what is read before the signature, and the lines that signing adds."""

from datetime import date

from portal.consent.rules import Elements, Scope
from portal.consent.texts import day, part
from portal.consent.wording import BASES, FRAME, INFORMATION, PURPOSES, RELATIONSHIPS


def body(elements: Elements, *, language: str, zone: str) -> str:
    """All that the person reads before signing. Its digest ties the signature to what was read."""
    words = FRAME[language]
    return "\n".join(
        [
            f"# {words['title']}",
            words["source"],
            *part("who", words, client=elements.client_name),
            *part("discloser", words, discloser=elements.discloser),
            *part(
                "recipient",
                words,
                recipient=elements.recipient_name,
                relationship=RELATIONSHIPS[language].get(elements.recipient_relationship, ""),
            ),
            *part("what", words),
            *items(elements.scopes, language),
            words["never"],
            f"## {words['purpose']}",
            PURPOSES[language].get(elements.purpose, elements.purpose),
            *part("until", words, until=day(elements.expires_on, language), zone=zone),
            f"## {words['stop']}",
            elements.revocation_statement,
            f"## {words['onward']}",
            elements.redisclosure_statement,
            f"## {words['refusal']}",
            elements.refusal_statement,
            *part("limits", words),
            *part("copy", words),
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


def items(scopes: frozenset[Scope], language: str) -> list[str]:
    """The boxes as lines of a list, in their order."""
    return [f"- {INFORMATION[language][scope]}" for scope in Scope if scope in scopes]
