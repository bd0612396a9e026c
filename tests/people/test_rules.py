"""Rules about people."""

from datetime import timedelta

import pytest

from portal.people.rules import InvitationState, link_works, plain_email, plain_name
from tests.conftest import NOW


def test_addresses_and_names_are_compared_without_capitals_and_spaces() -> None:
    assert plain_email("  Elena@Mail.Example ") == "elena@mail.example"
    assert plain_email("   ") is None
    assert plain_name((" Elena  María", "DOLE")) == plain_name(("elena maría", "Dole"))


@pytest.mark.parametrize(("seconds", "works"), [(-1, True), (0, False), (1, False)])
def test_a_link_works_until_the_instant_of_its_end(seconds: int, works: bool) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert (
        link_works(state=InvitationState.SENT, tries_left=1, expires_at=NOW, client_deceased=False, at=at)
        is works
    )


@pytest.mark.parametrize("state", [one for one in InvitationState if one is not InvitationState.SENT])
def test_a_link_works_in_no_state_but_sent(state: InvitationState) -> None:
    after = NOW + timedelta(days=1)
    assert not link_works(state=state, tries_left=3, expires_at=after, client_deceased=False, at=NOW)


def test_a_link_stops_without_tries_and_when_the_client_has_died() -> None:
    after = NOW + timedelta(days=1)
    sent = InvitationState.SENT
    assert not link_works(state=sent, tries_left=0, expires_at=after, client_deceased=False, at=NOW)
    assert not link_works(state=sent, tries_left=3, expires_at=after, client_deceased=True, at=NOW)
