"""The lists of a session's form whose choices depend on who is asking."""

from typing import TypeVar

from flask_babel import gettext as _

from portal.education import queries as education
from portal.people import queries as people
from portal.sessions import desk
from portal.sessions.models import FamilySession
from portal.web import access, language
from portal.web.staff.session_forms import SessionForm

Form = TypeVar("Form", bound=SessionForm)


def with_choices(form: Form, session: FamilySession | None = None) -> Form:
    """Fill in clients, facilitators and topics; what `session` has stays possible."""
    clients = [(each.id, each.short_name) for each in desk.clients_of(access.staff(), access.now())]
    if session and session.client and session.client_id not in dict(clients):
        clients.append((session.client.id, _("A client of another team")))
    topics = [(each.code, each.title) for each in education.all_modules(language=language.current())]
    if session and session.module_code and session.module_code not in dict(topics):
        topics.append((session.module_code, session.module_code))
    form.offer(
        clients=clients,
        facilitators=[(each.id, each.full_name) for each in people.therapists()],
        topics=topics,
    )
    return form
