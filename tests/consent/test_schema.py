"""P2-16: what stays outside the product has no column, no scope and no box."""

import re

import pytest

from portal.consent import wording
from portal.consent.models import ConsentScope
from portal.consent.rules import Scope
from portal.core.db import Base

OUTSIDE = re.compile(
    r"diagnos|icd|dsm|drug|urine|toxic|test_result|medic(ine|ation)|prescri|dose|relapse|sober|craving"
    r"|clinical|counsel(l)?ing_note|progress_note|session_note|treatment_plan|fundrais"
)
FREE_TEXT = re.compile(r"note|comment|remark|free_text")
ALLOWED_NOTES = {
    "assignment.note_code",
    "disclosure_entry.notice_version",
    "team_notice",
    "notice_",
    "family_session.logistics_note",
}
"""A code from a fixed list, notices to readers, and who brings the keys: none is a note about a client."""

ATTENDANCE = {"sign_up.attendance"}
"""Whether a family member came; the client's own attendance has no column."""


def columns() -> list[str]:
    return [
        f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns
    ]


def test_no_column_holds_what_stays_outside() -> None:
    assert [name for name in columns() if OUTSIDE.search(name)] == []


def test_no_column_is_a_note_about_a_client() -> None:
    found = [name for name in columns() if FREE_TEXT.search(name.split(".")[1])]
    assert [name for name in found if not any(allowed in name for allowed in ALLOWED_NOTES)] == []


def test_only_the_family_members_attendance_is_kept() -> None:
    assert {name for name in columns() if "attend" in name} == ATTENDANCE


def test_there_are_six_scopes_and_none_else() -> None:
    assert {scope.value for scope in Scope} == {
        "sessions",
        "lessons",
        "program_times",
        "group_names",
        "program_step",
        "finished_or_left",
    }
    assert ConsentScope.__table__.c.scope.type.enums == [scope.value for scope in Scope]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_each_scope_has_its_text_in_each_language(language: str) -> None:
    texts = wording.INFORMATION[language]
    assert set(texts) == set(Scope)
    assert all(texts.values())
    assert set(wording.FRAME[language]) == set(wording.FRAME["en"])
    assert set(wording.RELATIONSHIPS[language]) == set(wording.RELATIONSHIPS["en"])


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_the_text_says_how_to_stop_and_that_a_no_costs_nothing(language: str) -> None:
    assert "{office}" in wording.REVOCATION[language]
    said = {"en": ("in writing", "does not change my care"), "es": ("por escrito", "no cambia mi atención")}
    assert said[language][0] in wording.REVOCATION[language]
    assert said[language][1] in wording.REFUSAL[language]
