"""Accounts of clients and staff come into being here: by a one-time link, accepted once.

Family members have invitations of their own (`people.invitations`), since a consent must
allow them.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.accounts import service as accounts
from portal.accounts.models import User
from portal.audit import service as audit
from portal.core import tokens
from portal.core.actor import VISITOR, Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.mail import service as mail
from portal.mail.models import ReaderKind
from portal.people.models import AccountInvitation, Client, Role, StaffMember, StaffRole

LINK_LIFE = timedelta(days=7)


def create_staff(
    *,
    given_name: str,
    family_name: str,
    email: str,
    roles: dict[Role, int | None],
    now: datetime,
    actor: Actor,
    language: str = "en",
) -> StaffMember:
    """A staff member with roles, each with its location where it has one; no account yet."""
    staff = StaffMember(
        given_name=given_name.strip(),
        family_name=family_name.strip(),
        email=email.strip(),
        language=language,
        created_at=now,
    )
    staff.roles = [StaffRole(role=role, location_id=location_id) for role, location_id in roles.items()]
    db.session.add(staff)
    db.session.flush()
    names = sorted(role.value for role in roles)
    audit.record("staff.created", actor=actor, now=now, staff_id=staff.id, roles=names)
    return staff


def change_roles(*, staff: StaffMember, roles: dict[Role, int | None], now: datetime, actor: Actor) -> None:
    """Give a staff member these roles and no others; they sign in again, wherever they were."""
    kept = [row for row in staff.roles if (row.role, row.location_id) in roles.items()]
    new = roles.keys() - {row.role for row in kept}
    staff.roles = kept + [StaffRole(role=role, location_id=roles[role]) for role in sorted(new)]
    names = sorted(role.value for role in roles)
    audit.record("staff.roles_changed", actor=actor, now=now, staff_id=staff.id, roles=names)
    if staff.user_id is not None:
        accounts.end_browser_sessions(user_id=staff.user_id, reason="roles_changed", now=now, actor=actor)


def invite_staff(*, staff: StaffMember, now: datetime, actor: Actor) -> AccountInvitation:
    """Queue a mail with a one-time link; an earlier link dies. Refused: has_account."""
    invitation = _open(staff, now, actor)
    _queue(invitation, ReaderKind.STAFF, staff.id, now)
    return invitation


def invite_client(*, client: Client, now: datetime, actor: Actor) -> AccountInvitation:
    """The same for a client. Refused: has_account, no_address."""
    if not client.email:
        raise Refused("no_address")
    invitation = _open(client, now, actor)
    _queue(invitation, ReaderKind.CLIENT, client.id, now)
    return invitation


def link_for(*, person: StaffMember | Client, now: datetime, actor: Actor) -> str:
    """The secret of a link that staff hand over themselves, without mail. Refused: has_account."""
    return mint(_open(person, now, actor).id, now=now)


def mint(invitation_id: int, *, now: datetime) -> str:
    """The link's secret, new each time; its life starts now."""
    token = tokens.new_token()
    invitation = db.session.get_one(AccountInvitation, invitation_id)
    invitation.token_digest = tokens.digest(token)
    invitation.expires_at = now + LINK_LIFE
    return token


def by_link(token: str, *, now: datetime) -> AccountInvitation:
    """The invitation of a working link. NotFound alike for used, ended, expired, unknown."""
    found = db.session.scalars(
        select(AccountInvitation).where(
            AccountInvitation.token_digest == tokens.digest(token),
            AccountInvitation.used_at.is_(None),
            AccountInvitation.ended_at.is_(None),
            AccountInvitation.expires_at > now,
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def person_of(invitation: AccountInvitation) -> Client | StaffMember:
    """Whose account the invitation opens."""
    if invitation.staff_id is not None:
        return db.session.get_one(StaffMember, invitation.staff_id)
    assert invitation.client_id is not None
    return db.session.get_one(Client, invitation.client_id)


def accept(*, token: str, sign_in_name: str, stored: str, now: datetime) -> User:
    """Create the account, once. `stored` comes from `accounts.service.hashed_passphrase`.

    Raises NotFound for a dead link, Refused name_taken or name_missing (field sign_in_name).
    """
    invitation = by_link(token, now=now)
    used = db.session.execute(
        update(AccountInvitation)
        .where(AccountInvitation.id == invitation.id, AccountInvitation.used_at.is_(None))
        .values(used_at=now)
    )
    person = person_of(invitation)
    if used.rowcount != 1 or person.user_id is not None:  # type: ignore[attr-defined]
        raise NotFound
    user = accounts.create_user(
        sign_in_name=sign_in_name,
        passphrase="",
        stored=stored,
        language=person.language,
        now=now,
        actor=VISITOR,
    )
    person.user_id = user.id
    _audit("account.accepted", invitation, VISITOR, now, user_id=user.id)
    return user


def _open(person: StaffMember | Client, now: datetime, actor: Actor) -> AccountInvitation:
    if person.user_id is not None:
        raise Refused("has_account")
    column = AccountInvitation.staff_id if isinstance(person, StaffMember) else AccountInvitation.client_id
    db.session.execute(
        update(AccountInvitation)
        .where(column == person.id, AccountInvitation.used_at.is_(None), AccountInvitation.ended_at.is_(None))
        .values(ended_at=now)
    )
    invitation = AccountInvitation(created_at=now, expires_at=now + LINK_LIFE)
    setattr(invitation, column.key, person.id)
    db.session.add(invitation)
    db.session.flush()
    kind = "staff" if isinstance(person, StaffMember) else "client"
    _audit("account.invited", invitation, actor, now, invited_kind=kind, invited_id=person.id)
    return invitation


def _queue(invitation: AccountInvitation, kind: ReaderKind, reader_id: int, now: datetime) -> None:
    mail.queue(
        kind="account_invitation",
        reader_kind=kind,
        reader_id=reader_id,
        context={"account_invitation_id": invitation.id},
        now=now,
        useful_until=invitation.expires_at,
    )


def _audit(kind: str, invitation: AccountInvitation, actor: Actor, now: datetime, **fields: object) -> None:
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=invitation.client_id,
        account_invitation_id=invitation.id,
        **fields,
    )
