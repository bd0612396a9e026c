"""The demo's clients and their families: entered, signed, invited, and what came after."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.accounts import service as user_accounts
from portal.consent.models import Consent, HoldKind, SigningMethod
from portal.consent.rules import Scope, State
from portal.core.actor import Actor
from portal.core.db import db
from portal.demo import accounts
from portal.demo.cast import CLIENTS, Player, Relative, Story
from portal.demo.office import ZONE, Office, give_account
from portal.mail import service as mail
from portal.mail.models import ReaderKind
from portal.people import service as people
from portal.people.models import Client
from portal.workflows import access_ended, consent_signed, intake, invite


@dataclass(frozen=True)
class Family:
    """One client, one relative, and the consent between them."""

    client: Client
    relative: Relative
    consent: Consent
    weeks: int
    """How long ago the client began."""


def enter_all(office: Office) -> list[Family]:
    """Everybody, those who began first coming first."""
    numbered = sorted(enumerate(CLIENTS), key=lambda pair: -pair[1].weeks)
    families = [family for number, player in numbered for family in _enter(office, number, player)]
    access_ended.sweep(office.now)
    return families


def _enter(office: Office, number: int, player: Player) -> list[Family]:
    started_on = office.monday - timedelta(weeks=player.weeks)
    entered_at = _at(started_on, office, hours_before=3)
    therapist = office.therapists[number // 2 % len(office.therapists)]
    client = intake.register(
        form=intake.Intake(
            given_name=player.given_name,
            family_name=player.family_name,
            birth_on=date(player.born, number % 12 + 1, number % 28 + 1),
            track_id=office.tracks[player.track].id,
            start_on=started_on,
            therapist_id=therapist.id,
            email=accounts.sign_in_name(player.given_name),
            language=player.language,
            relatives=tuple(
                _asked(one, office) for one in player.relatives if one.story is not Story.WAITING
            ),
        ),
        staff=office.coordinator,
        actor=_coordinator(office),
        now=entered_at,
    )
    if player.no_family_contact:
        people.set_family_contact(client=client, unwanted=True, actor=_coordinator(office), now=entered_at)
    if number % 2 == 0:
        give_account(client, office.stored, office.actor, entered_at)
    for one in player.relatives:
        if one.story is Story.WAITING:
            asked_at = max(entered_at, office.now - timedelta(days=2))
            intake.add_relative(
                client=client, relative=_asked(one, office), actor=_coordinator(office), now=asked_at
            )
    families = [Family(client, one, _consent(client, one), player.weeks) for one in player.relatives]
    for family in families:
        _live(office, family, entered_at)
    return families


def _asked(relative: Relative, office: Office) -> intake.Relative:
    days = {Story.ENDS_SOON: 6, Story.EXPIRED: -3}.get(relative.story)
    return intake.Relative(
        given_name=relative.given_name,
        family_name=relative.family_name,
        code=relative.code,
        email=accounts.sign_in_name(relative.given_name) if _has_email(relative) else None,
        phone="(555) 010-0100",
        language=relative.language,
        scopes=relative.scopes,
        until_on=office.today + timedelta(days=days) if days is not None else None,
    )


def _has_email(relative: Relative) -> bool:
    """Some people have neither an account nor e-mail; staff do everything for them."""
    return relative.has_account or relative.story is Story.WAITING


def _consent(client: Client, relative: Relative) -> Consent:
    found = db.session.scalars(select(Consent).where(Consent.client_id == client.id))
    return next(one for one in found if one.family_member.given_name == relative.given_name)


def _live(office: Office, family: Family, entered_at: datetime) -> None:
    """What becomes of one consent, step by step."""
    if family.relative.story is Story.WAITING:
        return
    signed_at = min(entered_at + timedelta(hours=20), office.now - timedelta(hours=2))
    _sign(office, family, signed_at)
    if family.relative.has_account:
        _accept(office, family, min(signed_at + timedelta(hours=5), office.now - timedelta(hours=1)))
    _turn(office, family)


def _sign(office: Office, family: Family, at: datetime) -> None:
    has_own = family.client.user_id is not None
    consent_signed.sign(
        consent=family.consent,
        typed_name=family.client.full_name,
        agreed=True,
        method=SigningMethod.OWN_ACCOUNT if has_own else SigningMethod.DESK,
        witness_id=None if has_own else office.coordinator.id,
        actor=_client(family),
        now=at,
        code_key=office.code_key,
    )


def _accept(office: Office, family: Family, at: datetime) -> None:
    """By the link of a paper letter, since no mail travels while the demo is built."""
    person = family.consent.family_member
    if person.user_id is not None:  # somebody of two clients has one account
        return
    invitation, token = invite.print_letter(
        relationship_id=family.consent.relationship_id, actor=_coordinator(office), now=at
    )
    user = user_accounts.create_user(
        sign_in_name=accounts.sign_in_name(person.given_name),
        passphrase="",
        stored=office.stored,
        language=person.language,
        now=at,
        actor=office.actor,
    )
    actor = Actor("family", person.id)
    invite.accept(
        token=token,
        carried=invite.proof(invitation, office.code_key),
        key=office.code_key,
        user=user,
        is_shared_mailbox=None,
        actor=actor,
        now=at,
    )
    mail.set_address(
        reader_kind=ReaderKind.FAMILY,
        reader_id=person.id,
        address=user.sign_in_name,
        language=person.language,
        is_proven=True,
        actor=actor,
        now=at,
    )


def _turn(office: Office, family: Family) -> None:
    """Holds, stops and narrowings of the last days."""
    at = office.now - timedelta(minutes=45)
    if family.relative.story is Story.ON_HOLD:
        access_ended.hold(consent=family.consent, kind=HoldKind.SPOKEN, actor=_coordinator(office), now=at)
    elif family.relative.story is Story.REVOKED:
        access_ended.stop(consent=family.consent, actor=_client(family), now=at)
    elif family.relative.story is Story.NARROWED:
        access_ended.narrow(
            consent=family.consent,
            scopes={Scope.LESSONS},
            typed_name=family.client.full_name,
            actor=_client(family),
            now=at,
        )


def is_usable(family: Family) -> bool:
    """Whether the demo's later steps may rest on this consent."""
    return family.consent.state is State.ACTIVE


def _client(family: Family) -> Actor:
    return Actor("client" if family.client.user_id is not None else "desk", family.client.id)


def _coordinator(office: Office) -> Actor:
    return Actor("staff", office.coordinator.id)


def _at(on: date, office: Office, hours_before: int) -> datetime:
    """Ten in the morning of a day, or a few hours ago where that is still to come."""
    morning = datetime.combine(on, time(10), ZoneInfo(ZONE))
    return min(morning, office.now - timedelta(hours=hours_before))
