"""Family sessions and places in them."""

from datetime import date, time, timedelta
from typing import Any

from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpState
from portal.sessions.models_series import SessionSeries
from tests.conftest import NOW
from tests.factories import factory
from tests.factories.people import BEFORE, make_family_member, make_location


@factory
def make_session(**values: Any) -> FamilySession:
    """A published education evening in a week, open to everybody; 90 minutes, 8 places."""
    location = values.pop("location", None) or make_location()
    starts_at = values.pop("starts_at", NOW + timedelta(days=7))
    return FamilySession(
        **{
            "location": location,
            "kind": SessionKind.EDUCATION_EVENING,
            "state": SessionState.PUBLISHED,
            "title_en": "Talking when it is hard",
            "title_es": "Hablar cuando es difícil",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=90),
            "timezone": location.timezone,
            "room": "Room 2",
            "capacity": 8,
            "created_at": BEFORE,
            **values,
        }
    )


@factory
def make_sign_up(**values: Any) -> SignUp:
    """A place in an open session; give `relationship` for one that rests on a permission."""
    relationship = values.get("relationship")
    return SignUp(
        **{
            "session": values.pop("session", None) or make_session(),
            "family_member": values.pop("family_member", None)
            or (relationship.family_member if relationship else make_family_member()),
            "state": SignUpState.PLACED,
            "queue_number": 1,
            "made_at": BEFORE,
            **values,
        }
    )


@factory
def make_series(**values: Any) -> SessionSeries:
    """A weekly series, Wednesdays at 7 pm in New York; 8 standing places. It makes no evenings."""
    location = values.pop("location", None) or make_location()
    return SessionSeries(
        **{
            "location": location,
            "timezone": location.timezone,
            "starts_on": date(2026, 3, 11),
            "start_time": time(19),
            "minutes": 90,
            "rrule": "FREQ=WEEKLY;BYDAY=WE",
            "standing_places": 8,
            "created_at": BEFORE,
            **values,
        }
    )


def make_evenings(series: SessionSeries, count: int = 3, **values: Any) -> list[FamilySession]:
    """Published evenings of a series, a week apart, the first in a week."""
    return [
        make_session(
            location=series.location,
            series_id=series.id,
            starts_at=NOW + timedelta(weeks=number),
            **values,
        )
        for number in range(1, count + 1)
    ]
