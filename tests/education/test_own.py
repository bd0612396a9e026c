"""The center's own lessons: checked whole, published in versions, and written back the same."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.core.errors import Refused
from portal.education import curriculum, own, queries, writer
from portal.education.models import LessonDraft, Module, ModuleVersion
from portal.education.parser import parse
from portal.education.problems import ContentError, Report
from tests.conftest import NOW
from tests.factories.education import make_progress
from tests.factories.people import make_family_member, make_staff

BUILT_IN = "m03-triggers.md"


def files(code: str = "c01") -> dict[str, bytes]:
    """Files of a lesson of one's own: the curriculum's, with another code."""
    texts = {each: (curriculum.FOLDER / each / BUILT_IN).read_text() for each in curriculum.LANGUAGES}
    return {each: text.replace("code: m03", f"code: {code}").encode() for each, text in texts.items()}


def keep(sent: dict[str, bytes]) -> int:
    actor = Actor("staff", make_staff().id)
    with writing():
        return own.keep(files=sent, is_library=True, actor=actor, now=NOW).id


def publish(draft_id: int) -> int:
    with writing():
        return own.publish(draft_id=draft_id, actor=Actor("staff", None), now=NOW).id


@pytest.mark.parametrize("path", sorted(curriculum.FOLDER.glob("*/*.md")), ids=lambda path: path.name)
def test_every_lesson_written_back_reads_the_same(path: Path) -> None:
    language = path.parent.name
    lesson = parse(path.read_text(), Report(path.name, []), language)
    assert lesson
    report = Report("again", [])
    assert parse(writer.markdown(lesson), report, language) == lesson, report.problems


def test_a_draft_is_read_by_nobody_until_it_is_published(app: Flask) -> None:
    draft_id = keep(files())
    assert queries.library() == []
    publish(draft_id)
    assert [one.code for one in queries.library()] == ["c01"]
    assert db.session.scalar(select(func.count(LessonDraft.id))) == 0


def test_readers_keep_the_version_they_began(app: Flask) -> None:
    module_id = publish(keep(files()))
    reader = make_family_member()
    make_progress(family_member=reader, module=db.session.get_one(Module, module_id))
    reader_id = reader.id
    newer = {each: text.replace(b"title: ", b"title: New ", 1) for each, text in files().items()}
    assert publish(keep(newer)) == module_id
    mine = queries.reading(family_member_id=reader_id, module_id=module_id, now=NOW)
    assert mine.version.number == 1
    assert queries.module_text(module_id=module_id).number == 2


def test_the_same_text_again_makes_no_version(app: Flask) -> None:
    for _twice in range(2):
        publish(keep(files()))
    assert db.session.scalar(select(func.count(ModuleVersion.id))) == 1


def broken(language: str, old: bytes, new: bytes) -> dict[str, bytes]:
    sent = files()
    assert old in sent[language]
    return {**sent, language: sent[language].replace(old, new, 1)}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (files("m03"), "en.md:2: code is m03; a lesson of your own has a code like c01"),
        (broken("en", b"- [x]", b"- [ ]"), "0 right answers, wanted exactly one"),
        (broken("es", b"minutes:", b"minutos:"), "es.md:"),
        (
            broken("en", b"\n## Check: ", b"\n<script>alert(1)</script>\n\n## Check: "),
            "html_block: not in a lesson",
        ),
        ({**files(), "es": b"x" * (10 * 1024 * 1024)}, "es.md:1: is larger than 200 kB"),
        ({**files(), "en": b"\xff\xfe"}, "en.md:1: is not UTF-8 text"),
        (broken("en", b"https://", b"javascript://"), "en.md:"),
    ],
    ids=["code", "no right answer", "front matter", "script", "10 MB", "not text", "link"],
)
def test_what_is_wrong_is_told_with_file_and_line_and_nothing_is_kept(
    app: Flask, sent: dict[str, bytes], told: str
) -> None:
    with pytest.raises(ContentError) as found:
        keep(sent)
    assert told in str(found.value)
    assert db.session.scalar(select(func.count(LessonDraft.id))) == 0


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_missing_translation_is_refused(app: Flask, language: str) -> None:
    with pytest.raises(Refused, match="lesson_file_missing"):
        keep({**files(), language: b""})
