"""Packs: every lesson exists, the weeks give days, and nothing begins late."""

from datetime import date, timedelta

import pytest

from portal.core.errors import NotFound
from portal.education import curriculum, packs
from portal.education.words import unkind

MONDAY = date(2026, 3, 2)


def test_the_ten_weeks_hold_every_lesson_once_and_signs_come_early() -> None:
    pack = packs.pack("ten_weeks")
    assert sorted(pack.lessons) == [f"m{number:02}" for number in range(1, 19)]
    assert len(pack.weeks) == 10
    assert "m05" in pack.weeks[1]
    assert "m06" in pack.weeks[2]
    assert "m12" in pack.weeks[0]


def test_every_pack_names_lessons_of_the_curriculum_once() -> None:
    codes = {f"m{number:02}" for number in range(1, 19)} | set(curriculum.read())
    for pack in packs.packs().values():
        assert set(pack.lessons) <= codes, pack.code
        assert len(set(pack.lessons)) == len(pack.lessons), pack.code


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_pack_says_what_it_is_for_without_blame(language: str) -> None:
    for pack in packs.packs().values():
        assert pack.title[language]
        assert pack.about[language]
        assert list(unkind(f"{pack.title[language]} {pack.about[language]}", language)) == []
        assert "laps" not in pack.title[language].lower()


def test_a_week_suggests_its_last_day() -> None:
    days = packs.days(packs.pack("starter"), first_day=MONDAY, today=MONDAY)
    assert days["m01"] == date(2026, 3, 8)
    assert days["m16"] == date(2026, 3, 15)


def test_a_week_that_lies_behind_gives_no_day() -> None:
    days = packs.days(packs.pack("starter"), first_day=MONDAY, today=MONDAY + timedelta(days=7))
    assert days["m01"] is None
    assert days["m02"] == date(2026, 3, 15)


def test_without_a_first_day_there_are_no_days() -> None:
    days = packs.days(packs.pack("starter"), first_day=None, today=MONDAY)
    assert set(days.values()) == {None}


def test_an_unknown_pack_is_not_found() -> None:
    with pytest.raises(NotFound):
        packs.pack("nothing")
