"""Where the client is in the program: on the family's pages for whom it is ticked, never without."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.gate import Permit, permits
from portal.disclosure.models import DisclosureEntry
from portal.people.models import LevelOfCare
from portal.schedule.steps import program_steps
from portal.workflows import access_ended, client_discharged
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_episode, make_family_member, make_user
from tests.factories.schedule import make_enrolment, make_track
from tests.signin import sign_in

PAGES = ("/home", "/permissions")
WORDS = ("Week 4 of 8", "Level of care: Partial hospitalization")


def in_week_four(client: FlaskClient, **values) -> Consent:
    """Elena, signed in, whose relative began on February 9; March 4 lies in week 4."""
    consent = make_signed_consent(family_member=make_family_member(user=make_user()), **values)
    episode = make_episode(client=consent.client, started_on=date(2026, 2, 9))
    track = make_track(program=episode.program, weeks=8, level_of_care=LevelOfCare.PHP)
    make_enrolment(episode=episode, track=track, from_on=date(2026, 2, 9))
    sign_in(client, consent.family_member.user, "family")
    return consent


def said(client: FlaskClient) -> set[str]:
    return {f"{page} {words}" for page in PAGES for words in WORDS if words in client.get(page).text}


def steps_in_ledger() -> list[Scope]:
    rows = select(DisclosureEntry.scope).where(DisclosureEntry.subject == "program_step")
    return list(db.session.scalars(rows))


def test_who_may_sees_the_week_and_the_ledger_says_so_once(client: FlaskClient) -> None:
    in_week_four(client, scopes={Scope.PROGRAM_STEP})
    assert len(said(client)) == len(PAGES) * len(WORDS)
    assert steps_in_ledger() == [Scope.PROGRAM_STEP]


def test_every_other_box_together_does_not_show_it(client: FlaskClient) -> None:
    in_week_four(client, scopes=set(Scope) - {Scope.PROGRAM_STEP})
    assert said(client) == set()
    assert steps_in_ledger() == []


@pytest.mark.parametrize("end", ["narrowed", "stopped", "held", "discharged"])
def test_it_ends_with_the_box_the_permission_and_the_program(client: FlaskClient, end: str) -> None:
    consent = in_week_four(client)
    with writing():
        actor = Actor("client", consent.client_id)
        if end == "narrowed":
            access_ended.narrow(
                consent=consent, scopes={Scope.PROGRAM_STEP}, typed_name="Marcus Dole", actor=actor, now=NOW
            )
        elif end == "stopped":
            access_ended.stop(consent=consent, actor=actor, now=NOW)
        elif end == "held":
            access_ended.hold(consent=consent, kind="spoken", actor=actor, now=NOW)
        else:
            client_discharged.discharge(
                client=consent.client, ended_on=NOW.date(), finished=True, actor=actor, now=NOW
            )
    assert said(client) == set()
    assert steps_in_ledger() == []


def test_longer_than_usual_is_not_remarked_on(client: FlaskClient) -> None:
    consent = make_signed_consent(family_member=make_family_member(user=make_user()))
    episode = make_episode(client=consent.client, started_on=date(2025, 11, 3))
    make_enrolment(episode=episode, track=make_track(program=episode.program), from_on=date(2025, 11, 3))
    sign_in(client, consent.family_member.user, "family")
    page = client.get("/home").text
    assert "Week 18" in page
    assert "Week 18 of" not in page


def test_no_other_permit_opens_it(app: Flask) -> None:
    consent = make_signed_consent()
    other: list[Permit] = permits(
        family_member_id=consent.family_member_id, at=NOW, scope=Scope.PROGRAM_TIMES
    )
    with pytest.raises(ValueError, match="PROGRAM_STEP"):
        program_steps(other, at=NOW)
