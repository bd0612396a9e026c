"""Who is reached by mail and who is called: below, at and above the two hours; every answer of the outbox."""

from datetime import timedelta

import pytest

from portal.sessions.reach import LEAST, TO_CALL, Mailed, Reach, reach
from tests.conftest import NOW


def mailed(state: str = "queued", reason: str | None = None, **values: object) -> Mailed:
    return Mailed(
        **{  # type: ignore[arg-type]
            "state": state,
            "reason": reason,
            "goes_at": NOW,
            "has_address": True,
            "has_chosen": True,
            **values,
        }
    )


def how(mail: Mailed | None = None, **values: object) -> Reach:
    return reach(
        **{  # type: ignore[arg-type]
            "is_called": False,
            "may_be_told": True,
            "is_needed": True,
            "has_answered": False,
            "mailed": mail,
            "starts_at": NOW + timedelta(days=1),
            **values,
        }
    )


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (mailed(), Reach.ON_ITS_WAY),
        (mailed(has_address=False), Reach.NO_ADDRESS),
        (mailed(has_chosen=False), Reach.NOT_CHOSEN),
        (mailed("sent", has_address=False), Reach.MAILED),
        (mailed("failed"), Reach.NOT_ARRIVED),
        (mailed("unconfirmed"), Reach.NOT_ARRIVED),
        (mailed("dropped", "opted_out"), Reach.NOT_CHOSEN),
        (mailed("dropped", "address_not_confirmed"), Reach.NO_ADDRESS),
        (mailed("dropped", "too_late"), Reach.TOO_LATE),
        (mailed("dropped", "no_permission"), Reach.NO_PERMISSION),
        (mailed("dropped", "changed_again"), Reach.NOT_NEEDED),
        (None, Reach.NOT_MAILED),
    ],
)
def test_the_outbox_says_who_is_reached(mail: Mailed | None, expected: Reach) -> None:
    assert how(mail) is expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (LEAST - timedelta(seconds=1), Reach.TOO_LATE),
        (LEAST, Reach.MAILED),
        (LEAST + timedelta(seconds=1), Reach.MAILED),
    ],
)
def test_a_mail_shortly_before_the_start_is_too_late(left: timedelta, expected: Reach) -> None:
    assert how(mailed("sent"), starts_at=NOW + left) is expected


def test_nobody_is_called_without_a_usable_consent_or_twice() -> None:
    assert how(mailed("failed"), may_be_told=False) is Reach.NO_PERMISSION
    assert how(mailed("failed"), is_called=True) is Reach.CALLED
    assert how(mailed("failed"), has_answered=True) is Reach.ANSWERED
    assert how(mailed("failed"), is_needed=False) is Reach.NOT_NEEDED
    assert not TO_CALL & {Reach.NO_PERMISSION, Reach.CALLED, Reach.ANSWERED, Reach.NOT_NEEDED}
