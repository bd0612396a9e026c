"""The notes that staff may send with a lesson: a fixed list, in both languages.

There is no free text to families: a note could otherwise say what nobody signed for.
"""

NOTES: dict[str, dict[str, str]] = {
    "before_session": {
        "en": "We will talk about this in the next family session.",
        "es": "Hablaremos de esto en la próxima sesión familiar.",
    },
    "own_pace": {
        "en": "Take it at your own pace. There is no test.",
        "es": "Vaya a su ritmo. No es un examen.",
    },
    "read_together": {
        "en": "It may help to read this together at home.",
        "es": "Puede servir leerla juntos en casa.",
    },
    "bring_questions": {
        "en": "Write down your questions and bring them with you.",
        "es": "Anote sus preguntas y tráigalas.",
    },
    "for_yourself": {
        "en": "This one is for you, not for anybody else.",
        "es": "Esta es para usted, no para nadie más.",
    },
}


def text(code: str | None, language: str) -> str | None:
    """The note in `language`; None without a note, or for one that is no longer on the list."""
    note = NOTES.get(code or "")
    return note.get(language, note["en"]) if note else None
