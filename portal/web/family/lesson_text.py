"""What every page of a lesson needs: the lesson as this reader has it, and their next session."""

from collections.abc import Sequence

from portal.education import queries
from portal.education.lesson import Lesson
from portal.education.queries import Reading
from portal.sessions import queries as sessions
from portal.sessions.queries import Seen, Wish
from portal.web import access, language
from portal.web.family.sessions import shown


def mine(module_id: int) -> Reading:
    """The lesson for the signed-in reader, or NotFound."""
    return queries.reading(family_member_id=access.family_member().id, module_id=module_id, now=access.now())


def text(reading: Reading) -> Lesson:
    """Its text in the language of this request."""
    return reading.lesson(language.current())


def next_session() -> Sequence[Seen]:
    """The family session to bring the lesson to: their own next one, else the next that is open."""
    me, now = access.family_member().id, access.now()
    permits = sessions.session_permits(me, now)
    own = sessions.own_upcoming(family_member_id=me, now=now, permits=permits)[:1]
    return shown(own or sessions.open_to(family_member_id=me, now=now, wish=Wish(), limit=1, permits=permits))
