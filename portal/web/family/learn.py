"""Lessons for a family member: the list, one part at a time, the questions, the end.

A GET changes nothing: starting, going on, answering and finishing are buttons that post,
each says which part it is about, and each may arrive twice or late.
"""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import InputRequired

from portal.consent.rules import Scope
from portal.core.errors import NotFound
from portal.education import queries, service
from portal.education.lesson import Check
from portal.education.markup import html
from portal.education.queries import Pick, Reading
from portal.web import access, language, ledger
from portal.web.family import lesson_text, notes
from portal.web.family.reader import reader
from portal.web.pages import Pages
from portal.web.refusal import refused, submitted

pages = Pages()


class AnswerForm(FlaskForm):
    """One question with its options; the choices come with the lesson."""

    option = RadioField(coerce=int, validators=[InputRequired(_("Choose an answer, or skip this question."))])


@pages.get("/learn")
def learn() -> str:
    """What was picked for this person, then what is open to everyone."""
    shelf = queries.library(language=language.current(), family_member_id=reader().own_id)
    return render_template("family/learn/learn.html", picks=_picks(), shelf=shelf)


@pages.get("/learn/<int:module_id>")
def lesson(module_id: int) -> str:
    """The start of one lesson: what it brings, how long it takes, what the team sees."""
    mine = lesson_text.mine(module_id)
    picks = [pick for pick in _picks() if pick.lesson.module_id == module_id]
    return render_template(
        "family/learn/lesson.html",
        mine=mine,
        text=lesson_text.text(mine),
        picks=picks,
        next_session=lesson_text.next_session(),
    )


@pages.get("/learn/<int:module_id>/print")
def lesson_print(module_id: int) -> str:
    """The whole lesson on one page: for paper, for large type, for a browser without anything."""
    mine = lesson_text.mine(module_id)
    return render_template(
        "family/learn/print.html",
        mine=mine,
        text=lesson_text.text(mine),
        is_large=request.args.get("size") == "large",
        html=html,
        next_session=lesson_text.next_session(),
    )


@pages.post("/learn/<int:module_id>/start")
def start_lesson(module_id: int) -> ResponseReturnValue:
    """Begin with the version on the screen, or go on where they stopped."""
    lesson_text.mine(module_id)
    service.start(
        family_member_id=access.family_member().id,
        module_id=module_id,
        version_id=request.form.get("version", 0, type=int),
        now=access.now(),
    )
    return redirect(_resume(lesson_text.mine(module_id)))


@pages.get("/learn/<int:module_id>/<int:part>")
def lesson_part(module_id: int, part: int) -> ResponseReturnValue:
    """One card, or the practice."""
    mine = lesson_text.mine(module_id)
    text = lesson_text.text(mine)
    if not 1 <= part <= len(text.parts):
        raise NotFound
    if mine.progress is None:
        return redirect(url_for(".lesson", module_id=module_id))
    return render_template(
        "family/learn/part.html",
        text=text,
        part=part,
        card=text.parts[part - 1],
        html=html,
        next_session=lesson_text.next_session(),
        **(notes.own(mine) if part == len(text.parts) else {"mine": mine}),
    )


@pages.post("/learn/<int:module_id>/<int:part>/next")
def next_part(module_id: int, part: int) -> ResponseReturnValue:
    """Note that the part was read, then show the next one, or the questions."""
    service.advance(
        family_member_id=access.family_member().id, module_id=module_id, part=part, now=access.now()
    )
    if part < len(lesson_text.text(lesson_text.mine(module_id)).parts):
        return redirect(url_for(".lesson_part", module_id=module_id, part=part + 1))
    return redirect(url_for(".lesson_check", module_id=module_id))


@pages.get("/learn/<int:module_id>/check")
def lesson_check(module_id: int) -> ResponseReturnValue:
    """The first question that is still open; the first one when all are answered."""
    mine = lesson_text.mine(module_id)
    if mine.progress is None or mine.resume_part:
        return redirect(_resume(mine))
    return redirect(url_for(".lesson_question", module_id=module_id, question=mine.next_question or 1))


@pages.form("/learn/<int:module_id>/check/<int:question>")
def lesson_question(module_id: int, question: int) -> ResponseReturnValue:
    """One question; once answered, whether it was right, and why. Tries are not counted."""
    mine = lesson_text.mine(module_id)
    if mine.progress is None:
        return redirect(url_for(".lesson", module_id=module_id))
    checks = lesson_text.text(mine).checks
    if not 1 <= question <= len(checks):
        raise NotFound
    form = _answer_form(checks[question - 1])
    if submitted(form):
        service.answer(
            family_member_id=access.family_member().id,
            module_id=module_id,
            question=question,
            option=form.option.data,
            now=access.now(),
        )
        return redirect(url_for(".lesson_question", module_id=module_id, question=question))
    return _question_page(mine, question, checks, form)


@pages.post("/learn/<int:module_id>/finish")
def finish_lesson(module_id: int) -> ResponseReturnValue:
    """Finish; what is not read yet comes first."""
    if refused():
        return redirect(_resume(lesson_text.mine(module_id)))
    service.finish(family_member_id=access.family_member().id, module_id=module_id, now=access.now())
    return redirect(url_for(".lesson_finished", module_id=module_id))


@pages.get("/learn/<int:module_id>/finished")
def lesson_finished(module_id: int) -> ResponseReturnValue:
    """The end: what to bring along, the next session, one next lesson."""
    mine = lesson_text.mine(module_id)
    if mine.progress is None or mine.progress.finished_at is None:
        return redirect(_resume(mine))
    person = access.family_member()
    following = queries.next_after(
        family_member_id=person.id, module_id=module_id, now=access.now(), language=language.current()
    )
    return render_template(
        "family/learn/finished.html",
        mine=mine,
        text=lesson_text.text(mine),
        following=following,
        next_session=lesson_text.next_session(),
    )


def _picks() -> list[Pick]:
    """What was picked; that it is shown goes into the ledger."""
    me, now = reader(), access.now()
    picks = queries.assigned_to(
        family_member_id=me.person.id,
        now=now,
        language=language.current(),
        permits=me.permits(now, Scope.LESSONS),
        with_progress=me.own_id is not None,
    )
    for pick in picks:
        ledger.disclosed(pick.permit, f"assignment:{pick.assignment_id}")
    return picks


def _resume(mine: Reading) -> str:
    """Where this reader goes on."""
    if mine.progress is None:
        return url_for(".lesson", module_id=mine.module_id)
    if mine.resume_part:
        return url_for(".lesson_part", module_id=mine.module_id, part=mine.resume_part)
    if mine.progress.finished_at:
        return url_for(".lesson_part", module_id=mine.module_id, part=1)
    return url_for(".lesson_check", module_id=mine.module_id)


def _answer_form(check: Check) -> AnswerForm:
    form = AnswerForm()
    form.option.label.text = check.question
    form.option.choices = [(number, option.text) for number, option in enumerate(check.options)]
    return form


def _question_page(mine: Reading, question: int, checks: tuple[Check, ...], form: AnswerForm) -> str:
    given = mine.answers.get(question)
    is_answered = given is not None and request.method == "GET" and "again" not in request.args
    return render_template(
        f"family/learn/{'answer' if is_answered else 'question'}.html",
        mine=mine,
        text=lesson_text.text(mine),
        question=question,
        check=checks[question - 1],
        given=given,
        form=form,
        next_session=lesson_text.next_session(),
    )
