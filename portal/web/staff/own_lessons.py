"""The center's own lessons: files in, a look, publish; and any lesson's file out."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField

from portal.core.errors import NotFound
from portal.education import own, queries, writer
from portal.education.curriculum import LANGUAGES
from portal.education.lesson import from_json
from portal.education.markup import html
from portal.education.parser import MAX_BYTES
from portal.education.problems import ContentError, Problem
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()


class OwnForm(FlaskForm):
    """Both files of one lesson."""

    en = FileField(_("The file in English"))
    es = FileField(_("The file in Spanish"))
    is_library = BooleanField(_("Open to every family member"), default=True)


@pages.form("/lessons/own")
def own_lessons() -> ResponseReturnValue:
    """Choose the files. With a problem nothing is kept, and each is told with file and line."""
    form, problems = OwnForm(), list[Problem]()
    if submitted(form):
        try:
            draft = own.keep(
                files=_files(),
                is_library=bool(form.is_library.data),
                actor=access.actor(),
                now=access.now(),
            )
            return redirect(url_for(".lesson_draft", draft_id=draft.id))
        except ContentError as error:
            problems = error.problems
    page = render_template(
        "staff/lessons/own.html", form=form, problems=problems, drafts=own.drafts(), say=_say
    )
    return page, 409 if problems else 200


@pages.get("/lessons/own/<int:draft_id>")
def lesson_draft(draft_id: int) -> str:
    """The lesson as it would be read, in both languages."""
    draft = own.draft_for(draft_id)
    texts = {code: from_json(draft.content[code]) for code in LANGUAGES}
    return render_template("staff/lessons/draft.html", draft=draft, texts=texts, html=html)


@pages.post("/lessons/own/<int:draft_id>/publish")
def publish_lesson(draft_id: int) -> ResponseReturnValue:
    """Publish it as the newest version."""
    module = own.publish(draft_id=draft_id, actor=access.actor(), now=access.now())
    flash(gettext("The lesson is published. Who has begun an earlier version keeps it."), "good")
    return redirect(url_for(".lesson", module_id=module.id))


@pages.post("/lessons/own/<int:draft_id>/set-aside")
def set_draft_aside(draft_id: int) -> ResponseReturnValue:
    """Forget it; the files on the writer's own machine are the way back."""
    own.set_aside(draft_id=draft_id)
    flash(gettext("The lesson is set aside. Nobody read it."), "good")
    return redirect(url_for(".own_lessons"))


@pages.get("/lessons/<int:module_id>/file/<code>")
def lesson_file(module_id: int, code: str) -> Response:
    """The newest version as a Markdown file in one language."""
    content = queries.module_text(module_id=module_id).content
    if code not in content:
        raise NotFound
    lesson = from_json(content[code])
    name = f"{lesson.code}-{code}.md"
    return Response(
        writer.markdown(lesson),
        mimetype="text/markdown",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _say(problem: Problem) -> str:
    """What is wrong, in the language of this page."""
    return gettext(problem.sentence) % problem.details


def _files() -> dict[str, bytes]:
    """What was sent, never more of it than a lesson can have."""
    return {code: file.read(MAX_BYTES + 1) for code in LANGUAGES if (file := request.files.get(code))}
