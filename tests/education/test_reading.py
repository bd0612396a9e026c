"""Progress is never lost: double taps, old tabs, two devices, a new version, a withdrawal."""

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.core.db import db, writing
from portal.core.errors import NotFound, Refused
from portal.education import queries, service
from portal.education.models import CheckAnswer, Progress, TeamNotice
from portal.education.rules import Standing, furthest, next_question, resume_at, standing
from tests.conftest import NOW
from tests.factories.education import make_module, make_version
from tests.factories.people import make_family_member


@pytest.fixture
def begun(app: Flask) -> tuple[int, int]:
    """Ids of a reader and of a module they have begun: two cards, one practice, two checks."""
    reader, module = make_family_member(), make_module()
    with writing():
        service.start(
            family_member_id=reader.id, module_id=module.id, version_id=module.versions[0].id, now=NOW
        )
    return reader.id, module.id


def progress() -> Progress:
    return db.session.scalars(select(Progress)).one()


def test_starting_twice_is_starting_once_and_notes_the_notice(begun: tuple[int, int]) -> None:
    reader_id, module_id = begun
    version_id = progress().version_id
    with writing():
        service.start(
            family_member_id=reader_id,
            module_id=module_id,
            version_id=version_id,
            now=NOW + timedelta(hours=1),
        )
    assert progress().started_at == NOW
    assert db.session.scalars(select(TeamNotice)).one().read_at == NOW


@pytest.mark.parametrize(("part", "kept"), [(1, 2), (2, 2), (3, 3)])
def test_an_old_tab_never_takes_progress_back(begun: tuple[int, int], part: int, kept: int) -> None:
    reader_id, module_id = begun
    for each in (2, part):
        with writing():
            service.advance(family_member_id=reader_id, module_id=module_id, part=each, now=NOW)
    assert progress().furthest_part == kept


@pytest.mark.parametrize("part", [0, 4])
def test_a_part_that_is_not_there_is_not_found(begun: tuple[int, int], part: int) -> None:
    with pytest.raises(NotFound), writing():
        service.advance(family_member_id=begun[0], module_id=begun[1], part=part, now=NOW)
    assert progress().furthest_part == 0


def test_every_try_is_kept_and_the_latest_counts(begun: tuple[int, int]) -> None:
    reader_id, module_id = begun
    for option in (1, 1, 0):
        with writing():
            service.answer(
                family_member_id=reader_id, module_id=module_id, question=1, option=option, now=NOW
            )
    assert db.session.scalar(select(func.count(CheckAnswer.id))) == 3
    mine = queries.reading(family_member_id=reader_id, module_id=module_id, now=NOW)
    assert mine.answers[1].is_right
    assert mine.next_question == 2


@pytest.mark.parametrize(("question", "option"), [(0, 0), (3, 0), (1, 2), (1, -1)])
def test_a_question_or_option_that_is_not_there_is_not_found(
    begun: tuple[int, int], question: int, option: int
) -> None:
    with pytest.raises(NotFound), writing():
        service.answer(
            family_member_id=begun[0], module_id=begun[1], question=question, option=option, now=NOW
        )


def test_a_lesson_is_finished_once_every_part_is_read(begun: tuple[int, int]) -> None:
    reader_id, module_id = begun
    with pytest.raises(Refused, match="lesson_parts_left"), writing():
        service.finish(family_member_id=reader_id, module_id=module_id, now=NOW)
    with writing():
        service.advance(family_member_id=reader_id, module_id=module_id, part=3, now=NOW)
        service.finish(family_member_id=reader_id, module_id=module_id, now=NOW)
    with writing():
        service.finish(family_member_id=reader_id, module_id=module_id, now=NOW + timedelta(days=1))
    assert progress().finished_at == NOW


def test_a_reader_keeps_the_version_they_began(begun: tuple[int, int]) -> None:
    reader_id, module_id = begun
    with writing():
        make_version(progress().module, cards=3)
    kept = queries.reading(family_member_id=reader_id, module_id=module_id, now=NOW)
    newcomer = make_family_member()
    fresh = queries.reading(family_member_id=newcomer.id, module_id=module_id, now=NOW)
    assert (kept.version.number, len(kept.lesson("en").parts)) == (1, 3)
    assert (fresh.version.number, len(fresh.lesson("en").parts)) == (2, 4)


def test_the_version_on_the_screen_is_the_one_begun(app: Flask) -> None:
    reader, module = make_family_member(), make_module()
    seen = module.versions[0].id
    make_version(module, cards=3)
    with writing():
        service.start(family_member_id=reader.id, module_id=module.id, version_id=seen, now=NOW)
    assert progress().version_id == seen


def test_a_version_of_another_module_is_not_begun(app: Flask) -> None:
    reader, module, other = make_family_member(), make_module(), make_module()
    foreign = other.versions[0].id
    with pytest.raises(NotFound), writing():
        service.start(family_member_id=reader.id, module_id=module.id, version_id=foreign, now=NOW)


def test_a_lesson_that_was_never_begun_cannot_be_gone_on_with(app: Flask) -> None:
    reader, module = make_family_member(), make_module()
    with pytest.raises(NotFound), writing():
        service.advance(family_member_id=reader.id, module_id=module.id, part=1, now=NOW)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("part"), st.integers(0, 5)),
        st.tuples(st.just("answer"), st.integers(0, 3)),
        st.tuples(st.just("finish"), st.just(0)),
        st.tuples(st.just("start"), st.just(0)),
        st.tuples(st.just("new version"), st.just(0)),
    ),
    max_size=15,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_progress_only_grows(app: Flask, steps: list[tuple[str, int]]) -> None:
    reader, module = make_family_member(), make_module()
    ids = {"family_member_id": reader.id, "module_id": module.id}
    first = module.versions[0].id
    before = (0, 0, False)
    for verb, number in [("start", 0), *steps]:
        try:
            with writing():
                if verb == "part":
                    service.advance(**ids, part=number, now=NOW)
                elif verb == "answer":
                    service.answer(**ids, question=number, option=0, now=NOW)
                elif verb == "finish":
                    service.finish(**ids, now=NOW)
                elif verb == "start":
                    service.start(**ids, version_id=first, now=NOW)
                else:
                    make_version(db.session.get_one(type(module), module.id), cards=4)
        except (NotFound, Refused):
            pass
        now_is = queries.reading(**ids, now=NOW)
        assert now_is.progress is not None
        assert now_is.version.id == first
        after = (
            now_is.progress.furthest_part,
            len(now_is.answers),
            now_is.progress.finished_at is not None,
        )
        assert all(new >= old for new, old in zip(after, before, strict=True))
        before = after
        db.session.rollback()


@pytest.mark.parametrize(
    ("is_started", "is_finished", "where"),
    [(False, False, Standing.NOT_STARTED), (True, False, Standing.READING), (True, True, Standing.DONE)],
)
def test_standing(is_started: bool, is_finished: bool, where: Standing) -> None:
    assert standing(is_started=is_started, is_finished=is_finished) is where


@pytest.mark.parametrize(("before", "part", "after"), [(0, 1, 1), (3, 2, 3), (3, 3, 3), (3, 4, 4), (7, 8, 7)])
def test_furthest_never_goes_back_nor_beyond_the_end(before: int, part: int, after: int) -> None:
    assert furthest(before, part, 7) == after


@pytest.mark.parametrize(("read", "part"), [(0, 1), (5, 6), (6, 7), (7, None)])
def test_resume_is_the_part_after_the_furthest(read: int, part: int | None) -> None:
    assert resume_at(read, 7) == part


@pytest.mark.parametrize(("answered", "number"), [(set(), 1), ({1, 3}, 2), ({1, 2, 3}, None)])
def test_the_check_goes_on_with_the_first_open_question(answered: set[int], number: int | None) -> None:
    assert next_question(answered, 3) == number
