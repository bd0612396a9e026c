"""The verbs of a consent. Each changes the row, writes its history and the audit together.

`_move` is the only way from one state to another: it asks `rules.TRANSITIONS` and updates
the row only while it is still in the state the caller saw.
"""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select, update

from portal.audit import service as audit
from portal.center import settings
from portal.consent import document, rules
from portal.consent.models import Consent, ConsentEvent, ConsentScope, HoldKind, SigningMethod
from portal.consent.rules import Elements, Event, Scope, State
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused, TooLate
from portal.people.models import Client, Relationship, StaffMember

OWN_HANDS = frozenset({"client", "desk"})
"""Actors behind which the client stands in person: their own account, or the desk's tablet."""


def prepare(
    *,
    relationship: Relationship,
    scopes: Collection[Scope],
    expires_on: date | None,
    purpose: str,
    language: str,
    actor: Actor,
    now: datetime,
) -> Consent:
    """A consent that waits for the client's signature; `scopes` are asked for, not granted.

    `expires_on` None: the center's usual time, six months. Raises Refused for a client who cannot sign
    and for an end in the past or later than twelve months.
    """
    client = relationship.client
    _refuse_who_cannot_sign(relationship, now)
    today = clock.local_date(now, client.location.timezone)
    ends_on = expires_on or rules.months_later(today, settings.current().consent_months)
    _refuse_end(ends_on, today)
    consent = Consent(
        relationship=relationship,
        client=client,
        family_member=relationship.family_member,
        state=State.DRAFT,
        state_changed_at=now,
        expires_on=ends_on,
        timezone=client.location.timezone,
        purpose=purpose.strip(),
        language=language,
        prepared_by_id=actor.id if actor.kind == "staff" else None,
        created_at=now,
    )
    consent.scopes = [ConsentScope(scope=scope) for scope in Scope if scope in scopes]
    db.session.add(consent)
    _fill_elements(consent)
    db.session.flush()
    audit.record(
        "consent.prepared",
        actor=actor,
        now=now,
        client_id=client.id,
        consent_id=consent.id,
        relationship_id=relationship.id,
        scopes=_codes(scopes),
    )
    return _move(consent, Event.SEND_TO_SIGN, actor=actor, now=now)


def choose(
    *,
    consent: Consent,
    actor: Actor,
    now: datetime,
    scopes: Collection[Scope] | None = None,
    expires_on: date | None = None,
    language: str | None = None,
) -> Consent:
    """What the client ticks while the consent waits for the signature. None leaves as it was."""
    _refuse_unless_waiting(consent, now)
    if scopes is not None:
        _refuse_needs(scopes)
        _replace_scopes(consent, scopes)
        consent.chosen_at = now
    if expires_on is not None:
        _refuse_end(expires_on, clock.local_date(now, consent.client.location.timezone))
        consent.expires_on = expires_on
    consent.language = language or consent.language
    _fill_elements(consent)
    db.session.flush()
    return consent


def text_to_sign(consent: Consent, language: str | None = None) -> str:
    """The whole text as it would be signed, in either language, without the signature's own lines."""
    language = language or consent.language
    return document.body(_elements(consent, language), language=language, zone=_zone(consent))


def sign(
    *,
    consent: Consent,
    typed_name: str,
    agreed: bool,
    method: SigningMethod | str,
    witness_id: int | None,
    actor: Actor,
    now: datetime,
    read_digest: str | None = None,
) -> Consent:
    """The client signs: the elements and the text freeze, an older live one of the pair retires.

    `read_digest` is that of the text which was on the screen; a text that changed since is
    refused. Raises Refused with the name of whatever is missing, TooLate if already signed.
    """
    lock_pair(consent)
    method = SigningMethod(method)
    _refuse_unless_waiting(consent, now)
    _refuse_who_cannot_sign(consent.relationship, now)
    _refuse_signature(consent, typed_name, agreed, method, witness_id)
    today = clock.local_date(now, consent.client.location.timezone)
    if consent.expires_on:
        _refuse_end(consent.expires_on, today)
    _refuse_needs(granted(consent, now))
    text = _freeze(consent, method, witness_id, now)
    if read_digest is not None and read_digest != document.digest(text):
        raise Refused("text_changed")
    for older in _live_of_pair(consent):
        _move(older, Event.SUPERSEDE, actor=actor, now=now)
    return _move(consent, Event.SIGN, actor=actor, now=now)


def narrow(
    *, consent: Consent, scopes: Collection[Scope], typed_name: str, actor: Actor, now: datetime
) -> frozenset[Scope]:
    """A signed partial withdrawal of `scopes`, and of those that need them; returns what fell.

    The signed text stays as it is. Raises Refused when nothing would be left: that is stopping.
    """
    lock_pair(consent)
    if consent.state not in rules.LIVE:
        raise TooLate
    if not rules.same_name(typed_name, consent.client_name):
        raise Refused("name_differs", field="typed_name")
    left = granted(consent, now)
    fallen = rules.with_dependents(scopes) & left
    if fallen == left:
        raise Refused("nothing_left", field="scopes")
    for row in consent.scopes:
        if row.scope in fallen and row.withdrawn_at is None:
            row.withdrawn_at, row.withdrawn_by_name = now, " ".join(typed_name.split())
    audit.record(
        "consent.narrowed",
        actor=actor,
        now=now,
        client_id=consent.client_id,
        consent_id=consent.id,
        scopes=_codes(fallen),
    )
    db.session.flush()
    return fallen


def revoke(*, consent: Consent, actor: Actor, now: datetime, reason: str | None = None) -> Consent:
    """The client withdraws the whole consent, by their own hand or in a writing that staff record."""
    lock_pair(consent)
    return _move(consent, Event.REVOKE, actor=actor, now=now, reason=reason)


def hold(
    *, consent: Consent, kind: HoldKind | str, actor: Actor, now: datetime, note: str | None = None
) -> Consent:
    """Pause at once: the client said so, or somebody's safety asks for it."""
    lock_pair(consent)
    held = _move(consent, Event.HOLD, actor=actor, now=now, reason=note)
    held.hold_kind = HoldKind(kind)
    db.session.flush()
    return held


def lift_hold(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """End a hold. A spoken one is the client's alone; a safety hold needs client and clinician.

    The first of the two to agree to the end of a safety hold leaves a step in the history;
    the hold ends with the second.
    """
    lock_pair(consent)
    side = "client" if actor.kind in OWN_HANDS else actor.kind
    if consent.state is State.ON_HOLD and consent.hold_kind is HoldKind.SAFETY:
        if sides_agreed(consent) | {side} != {"client", "staff"}:
            return _note_step(consent, Event.LIFT_HOLD, actor=actor, now=now, to=State.ON_HOLD)
    elif side != "client":
        raise Refused("only_client_lifts")
    return _lift(consent, actor, now, None)


def undo_hold(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """The staff member who pressed "Hold now" takes it back within 10 minutes as "wrong row"."""
    lock_pair(consent)
    if not may_undo_hold(consent, actor=actor, at=now):
        raise Refused("hold_undo_over")
    return _lift(consent, actor, now, "wrong_row")


def lapse(*, consent: Consent, actor: Actor, now: datetime, reason: str | None = None) -> Consent:
    """A consent that nobody signed is put away: not wanted, or older than 14 days."""
    return _move(consent, Event.LAPSE, actor=actor, now=now, reason=reason)


def expire(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """Make visible that the end has come. Access ended by the clock, not by this."""
    lock_pair(consent)
    if consent.ends_at is None or now < consent.ends_at:
        raise TooLate
    return _move(consent, Event.EXPIRE, actor=actor, now=now)


def mark_entered_in_error(*, consent: Consent, actor: Actor, now: datetime, reason: str) -> Consent:
    """It was recorded for the wrong person and never counted."""
    lock_pair(consent)
    return _move(consent, Event.MARK_ENTERED_IN_ERROR, actor=actor, now=now, reason=reason)


def lock_pair(consent: Consent) -> None:
    """Lock every consent of the pair, by id: two signatures at once wait for each other."""
    db.session.flush()
    list(
        db.session.scalars(
            select(Consent)
            .where(
                Consent.client_id == consent.client_id, Consent.family_member_id == consent.family_member_id
            )
            .order_by(Consent.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def granted(consent: Consent, at: datetime) -> frozenset[Scope]:
    """The boxes that are ticked and not withdrawn at the instant `at`. Grants nothing by itself."""
    return frozenset(row.scope for row in consent.scopes if row.withdrawn_at is None or row.withdrawn_at > at)


def sides_agreed(consent: Consent) -> set[str]:
    """Who already agreed to the end of the present hold: client, staff."""
    sides: set[str] = set()
    for step in consent.events:
        if step.event is Event.HOLD:
            sides = set()
        elif step.event is Event.LIFT_HOLD and step.to_state is State.ON_HOLD:
            sides.add("client" if step.actor_kind in OWN_HANDS else step.actor_kind)
    return sides


def may_undo_hold(consent: Consent, *, actor: Actor, at: datetime) -> bool:
    """Whether this staff member may still say that the hold was pressed on the wrong row."""
    holds = [step for step in consent.events if step.event is Event.HOLD]
    return (
        consent.state is State.ON_HOLD
        and bool(holds)
        and (holds[-1].actor_kind, holds[-1].actor_id) == (actor.kind, actor.id)
        and actor.kind == "staff"
        and at < holds[-1].at + rules.UNDO_WINDOW
    )


def _move(
    consent: Consent, event: Event, *, actor: Actor, now: datetime, reason: str | None = None
) -> Consent:
    """One step of the state machine. Raises TooLate where it cannot happen (any more)."""
    before = consent.state
    after = rules.next_state(before, event)
    if after is None:
        raise TooLate
    db.session.flush()
    moved = db.session.execute(
        update(Consent)
        .where(Consent.id == consent.id, Consent.state == before)
        .values(state=after, state_changed_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise TooLate
    return _note_step(consent, event, actor=actor, now=now, to=after, before=before, reason=reason)


def _note_step(
    consent: Consent,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    to: State,
    before: State | None = None,
    reason: str | None = None,
) -> Consent:
    before = before or consent.state
    consent.events.append(
        ConsentEvent(
            event=event,
            from_state=before,
            to_state=to,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            reason=(reason or "").strip()[:200] or None,
        )
    )
    db.session.flush()
    audit.record(
        "consent.changed_state",
        actor=actor,
        now=now,
        client_id=consent.client_id,
        consent_id=consent.id,
        from_state=before,
        to_state=to,
        event=event,
    )
    return consent


def _lift(consent: Consent, actor: Actor, now: datetime, reason: str | None) -> Consent:
    lifted = _move(consent, Event.LIFT_HOLD, actor=actor, now=now, reason=reason)
    lifted.hold_kind = None
    db.session.flush()
    return lifted


def _live_of_pair(consent: Consent) -> list[Consent]:
    return list(
        db.session.scalars(
            select(Consent)
            .where(
                Consent.client_id == consent.client_id,
                Consent.family_member_id == consent.family_member_id,
                Consent.state.in_(rules.LIVE),
            )
            .order_by(Consent.id)
        )
    )


def _refuse_who_cannot_sign(relationship: Relationship, now: datetime) -> None:
    """42 CFR 2.14 and 2.15: a minor without their location's rule, a client who died."""
    client = relationship.client
    if relationship.ended_at is not None:
        raise Refused("relationship_ended")
    if client.deceased_on is not None:
        raise Refused("client_cannot_sign")
    problem = rules.minor_problem(
        birth_on=client.birth_on,
        on=clock.local_date(now, client.location.timezone),
        minor_rule=client.location.minor_rule,
    )
    if problem:
        raise Refused(problem)


def _refuse_end(expires_on: date, today: date) -> None:
    problem = rules.end_problem(expires_on, today=today)
    if problem:
        raise Refused(problem, field="expires_on")


def _refuse_needs(scopes: Collection[Scope]) -> None:
    if rules.missing_needs(scopes):
        raise Refused("group_names_need_program_times", field="scopes")


def _refuse_unless_waiting(consent: Consent, now: datetime) -> None:
    if consent.state is not State.PENDING_SIGNATURE:
        raise TooLate
    if rules.has_lapsed(state=consent.state, since=consent.state_changed_at, at=now):
        raise Refused("waited_too_long")


def _refuse_signature(
    consent: Consent, typed_name: str, agreed: bool, method: SigningMethod, witness_id: int | None
) -> None:
    """42 CFR 2.31(a)(8): the client's own name, the wish to sign, and a witness off their account."""
    if not agreed:
        raise Refused("agree_first", field="agreed")
    if not rules.same_name(typed_name, consent.client.full_name):
        raise Refused("name_differs", field="typed_name")
    if method is not SigningMethod.OWN_ACCOUNT and witness_id is None:
        raise Refused("witness_missing")


def _freeze(consent: Consent, method: SigningMethod, witness_id: int | None, now: datetime) -> str:
    """Fill and freeze what is signed; returns the body that the client read."""
    consent.signer_name = consent.client.full_name.strip()
    _fill_elements(consent)
    elements = _elements(consent, consent.language, signed_on=clock.local_date(now, _zone(consent)))
    missing = rules.missing_elements(elements)
    if missing:
        raise Refused(f"missing_{missing[0]}")
    if not rules.names_one_person(elements.recipient_name):
        raise Refused("missing_recipient_name")
    assert consent.expires_on is not None
    text = document.body(elements, language=consent.language, zone=_zone(consent))
    witness = db.session.get_one(StaffMember, witness_id).full_name if witness_id else ""
    signed = document.signature(
        elements, language=consent.language, method=method.value, witness_name=witness
    )
    consent.signed_text = f"{text}\n{signed}"
    consent.signed_text_digest = document.digest(consent.signed_text)
    consent.template_version = document.TEMPLATE_VERSION
    consent.timezone = _zone(consent)
    consent.ends_at = rules.ends_at(consent.expires_on, consent.timezone)
    consent.signed_at, consent.signing_method, consent.witness_id = now, method, witness_id
    consent.copy_given_at = now  # the copy opens on the very next page
    return text


def discloser(client: Client) -> str:
    """The program that may share (2.31(a)(2)): its place, with the address a note can go to."""
    place = client.location
    return ", ".join(part for part in (place.name.strip(), place.address.strip()) if part)


def _zone(consent: Consent) -> str:
    return consent.client.location.timezone


def _elements(consent: Consent, language: str, signed_on: date | None = None) -> Elements:
    """The elements as they stand today; only what is not signed yet may ask."""
    office = discloser(consent.client)
    return Elements(
        client_name=consent.client.full_name.strip(),
        discloser=office,
        scopes=frozenset(row.scope for row in consent.scopes),
        recipient_name=consent.family_member.full_name.strip(),
        recipient_relationship=consent.relationship.code.value,
        purpose=consent.purpose,
        revocation_statement=document.REVOCATION[language].format(office=office),
        expires_on=consent.expires_on,
        signer_name=consent.signer_name,
        signed_on=signed_on,
        redisclosure_statement=document.REDISCLOSURE[language],
        refusal_statement=document.REFUSAL[language],
    )


def _fill_elements(consent: Consent) -> None:
    """Keep today's names and statements in the row of an unsigned consent."""
    elements = _elements(consent, consent.language)
    for name in (
        "client_name",
        "discloser",
        "recipient_name",
        "recipient_relationship",
        "revocation_statement",
        "redisclosure_statement",
        "refusal_statement",
    ):
        setattr(consent, name, getattr(elements, name))


def _replace_scopes(consent: Consent, scopes: Collection[Scope]) -> None:
    """Only before signing: afterwards a box is withdrawn, never removed."""
    for row in list(consent.scopes):
        if row.scope not in scopes:
            consent.scopes.remove(row)
            db.session.delete(row)
    present = {row.scope for row in consent.scopes}
    consent.scopes += [
        ConsentScope(scope=scope) for scope in Scope if scope in scopes and scope not in present
    ]


def _codes(scopes: Collection[Scope]) -> list[str]:
    return [scope.value for scope in Scope if scope in scopes]
