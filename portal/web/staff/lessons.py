"""Lessons for staff: the list, one lesson with what is to be verified, packs, following.

Following says how far somebody is, never what they answered.
"""

from collections.abc import Callable

from flask import render_template, request

from portal.education import following, grouping, order, packs, queries
from portal.education.following import Person
from portal.education.lesson import from_json
from portal.education.markup import html
from portal.web import access, language
from portal.web.pages import Pages

pages = Pages()

SHOWN: dict[str, Callable[[Person], bool]] = {
    "": lambda person: True,
    "stuck": lambda person: person.is_stuck,
    "away": lambda person: not person.has_signed_in,
    "shared": lambda person: bool(person.shared),
}
"""What the page of progress can be narrowed to."""

GROUPED = {"family": grouping.by_family, "pack": grouping.by_pack, "module": grouping.by_module}
"""How the page of progress adds up; without one it shows each person."""


@pages.get("/lessons")
def lessons() -> str:
    """Every lesson, with its review."""
    modules = queries.all_modules(language=language.current())
    return render_template("staff/lessons/lessons.html", modules=modules)


@pages.get("/lessons/progress")
def lessons_progress() -> str:
    """How far everybody of the caseload is; `show` narrows it, `by` adds it up."""
    everyone = following.of_caseload(staff=access.staff(), now=access.now(), language=language.current())
    wanted, by = request.args.get("show", ""), request.args.get("by", "")
    shown = [person for person in everyone if SHOWN.get(wanted, SHOWN[""])(person)]
    return render_template(
        "staff/lessons/progress.html",
        people=shown,
        groups=GROUPED[by](shown) if by in GROUPED else None,
        everyone=everyone,
        wanted=wanted,
        by=by,
        packs=packs.packs(),
    )


@pages.get("/lessons/<int:module_id>")
def lesson(module_id: int) -> str:
    """One lesson whole: as families read it, and what a clinician is to verify."""
    version = queries.module_text(module_id=module_id)
    text = from_json(version.content[language.current()])
    known = queries.all_modules(language=language.current())
    before = [one for one in known if one.code in order.READ_BEFORE.get(text.code, ())]
    return render_template("staff/lessons/lesson.html", version=version, text=text, html=html, before=before)


@pages.get("/packs")
def packs_list() -> str:
    """Every pack, with what it is for."""
    return render_template("staff/lessons/packs.html", packs=packs.packs().values())


@pages.get("/packs/<code>")
def pack(code: str) -> str:
    """One pack: its lessons by week, in the order in which they help."""
    known = {one.code: one for one in queries.all_modules(language=language.current())}
    return render_template("staff/lessons/pack.html", pack=packs.pack(code), known=known)
