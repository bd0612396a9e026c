"""The invitation in a real browser: its link, the code, the offer and what no longer leads anywhere."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from portal.core.db import writing
from portal.people import invitations
from portal.web.signing import code_key
from tests.conftest import NOW
from tests.factories.consent import FACTORY, make_signed_consent
from tests.factories.people import make_client, make_family_member
from tests.journeys.browser import browser, enlarge_text, served, sideways  # noqa: F401 - fixtures
from tests.journeys.people import Person, person


@pytest.fixture
def engine() -> str:
    """The pages are the same on both databases; one is enough here."""
    return "sqlite"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_invitation_is_read_and_answered_at_each_width(
    app: Flask,
    browser: Browser,  # noqa: F811
    served: str,  # noqa: F811
    width: int,
    language: str,
) -> None:
    token, code = invite_elena(app)
    elena = person(browser, served, "Elena", language, f"invitation-{width}-{language}", width)
    elena.open("/invite/nothing-like-it")
    looked_at(elena, "dead")
    elena.open(f"/invite/{token}")
    looked_at(elena, "code")
    elena.types(code="AAAA-BBBB")
    elena.presses("Continue")
    looked_at(elena, "wrong-code")
    elena.types(code=code)
    elena.presses("Continue")
    elena.reads("%(name)s invited you", name="Marcus")
    looked_at(elena, "answer")
    elena.page.context.close()


def invite_elena(app: Flask) -> tuple[str, str]:
    """A sent invitation: the secret of its link, and the client's code."""
    marcus = make_client(given_name="Marcus")
    consent = make_signed_consent(client=marcus, family_member=make_family_member(given_name="Elena"))
    with app.test_request_context(), writing():
        invitation, code = invitations.open_invitation(
            relationship_id=consent.relationship_id, now=NOW, actor=FACTORY, key=code_key()
        )
        invitations.mark_sent(invitation=invitation, actor=FACTORY, now=NOW)
        return invitations.mint_link(invitation, now=NOW), code


def looked_at(one: Person, name: str) -> None:
    """Keep the picture; axe clean, nothing sideways, also with text twice as large on a small phone."""
    one.keeps_a_picture(name)
    if one.page.viewport_size and one.page.viewport_size["width"] == 320:
        enlarge_text(one.page)
        assert sideways(one.page) <= 0, name
