"""The verbs of a consent. Each changes the row, writes its history and the audit together.

`_move` is the only way from one state to another: it asks `rules.TRANSITIONS` and updates
the row only while it is still in the state the caller saw.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from portal.audit import service as audit
from portal.center import settings
from portal.consent import document, rules
from portal.consent.models import (
    Consent,
    ConsentEvent,
    ConsentScope,
    HoldKind,
    SigningMethod,
    Withdrawal,
    WithdrawalKind,
)
from portal.consent.rules import Elements, Event, GuardianBasis, Scope, Signers, State
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
    birthday = _birthday_that_ends(client, today)
    ends_on = expires_on or _usual_end(today, birthday)
    _refuse_end(ends_on, today, birthday)
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
        today = clock.local_date(now, consent.client.location.timezone)
        _refuse_end(expires_on, today, _birthday_that_ends(consent.client, today))
        consent.expires_on = expires_on
    consent.language = language or consent.language
    _fill_elements(consent)
    db.session.flush()
    return consent


def renew(*, consent: Consent, actor: Actor, now: datetime) -> Consent:
    """A new consent that waits for the signature and asks for what this one gave, with a new end."""
    return prepare(
        relationship=consent.relationship,
        scopes=granted(consent, now),
        expires_on=None,
        purpose=consent.purpose,
        language=consent.language,
        actor=actor,
        now=now,
    )


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
    paper_signed_on: date | None = None,
) -> Consent:
    """The client signs: the elements and the text freeze, an older live one of the pair retires.

    Where a guardian has to sign as well, it waits for that (`sign_as_guardian`) and nothing
    counts yet. `read_digest` is that of the text which was on the screen; a text that changed
    since is refused. `paper_signed_on` is the date on a paper that staff attest.
    Raises Refused with the name of whatever is missing, TooLate if already signed.
    """
    lock_pair(consent)
    method = SigningMethod(method)
    _refuse_unless_waiting(consent, now)
    _refuse_who_cannot_sign(consent.relationship, now)
    _refuse_signature(consent, typed_name, agreed, method, witness_id)
    today = clock.local_date(now, consent.client.location.timezone)
    _refuse_paper_date(method, paper_signed_on, today)
    birthday = _birthday_that_ends(consent.client, today)
    if consent.expires_on:
        _refuse_end(consent.expires_on, today, birthday)
    _refuse_needs(granted(consent, now))
    consent.paper_signed_on = paper_signed_on
    if method is SigningMethod.PAPER:
        consent.scan_due_on = rules.working_days_later(today, rules.SCAN_DAYS)
    text = _freeze(consent, method, witness_id, now)
    if read_digest is not None and read_digest != document.digest(text):
        raise Refused("text_changed")
    if birthday is not None:
        consent.guardian_until = rules.midnight(birthday, _zone(consent))
        return _move(consent, Event.SIGN_FIRST, actor=actor, now=now)
    return _activate(consent, actor, now)


def sign_as_guardian(
    *,
    consent: Consent,
    name: str,
    relationship: str,
    basis: GuardianBasis | str,
    agreed: bool,
    method: SigningMethod | str,
    witness_id: int,
    actor: Actor,
    now: datetime,
    read_digest: str | None = None,
) -> Consent:
    """A parent or guardian signs beside the minor, at the desk or on paper; from now on it counts.

    `relationship` is what they are to the client, a code of `RelationshipCode`. 42 CFR 2.14,
    2.31(a)(8). Raises Refused with the name of whatever is missing, TooLate where no
    guardian's signature is waited for.
    """
    lock_pair(consent)
    if consent.state is not State.PENDING_GUARDIAN:
        raise TooLate
    _refuse_after_waiting(consent, now)
    _refuse_who_cannot_sign(consent.relationship, now)
    _refuse_guardian(consent, name, relationship, basis, agreed)
    _refuse_grown_up(consent, now)
    if read_digest is not None and read_digest != consent.signed_text_digest:
        raise Refused("text_changed")
    consent.guardian_name, consent.guardian_relationship = " ".join(name.split()), relationship
    consent.guardian_basis = GuardianBasis(basis).value
    consent.guardian_signed_at, consent.guardian_witness_id = now, witness_id
    witness = db.session.get_one(StaffMember, witness_id).full_name
    consent.signed_text = "\n".join(
        (
            consent.signed_text or "",
            *document.guardian_signature(
                language=consent.language,
                name=consent.guardian_name,
                relationship=relationship,
                basis=consent.guardian_basis,
                on=clock.local_date(now, _zone(consent)),
                method=SigningMethod(method).value,
                witness_name=witness,
            ),
        )
    )
    consent.signed_text_digest = document.digest(consent.signed_text)
    return _activate(consent, actor, now)


def file_scan(*, consent: Consent, actor: Actor, now: datetime) -> None:
    """The scan of the paper is on file. Raises TooLate where none is due."""
    if consent.scan_due_on is None or consent.scan_filed_on is not None:
        raise TooLate
    consent.scan_filed_on = clock.local_date(now, _zone(consent))
    audit.record(
        "consent.scan_filed", actor=actor, now=now, client_id=consent.client_id, consent_id=consent.id
    )


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
    _document(consent, WithdrawalKind.NARROWED, fallen, actor=actor, now=now, kept=left - fallen)
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


def revoke(
    *,
    consent: Consent,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    already: document.Already | None = None,
) -> Consent:
    """The client withdraws the whole consent, by their own hand or in a writing that staff record.

    `already` is what was disclosed before, for the document: that stays done (2.31(a)(6)).
    """
    lock_pair(consent)
    left = granted(consent, now)
    revoked = _move(consent, Event.REVOKE, actor=actor, now=now, reason=reason)
    _document(revoked, WithdrawalKind.STOPPED, left, actor=actor, now=now, already=already)
    return revoked


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
    if not is_over(consent, now):
        raise TooLate
    return _move(consent, Event.EXPIRE, actor=actor, now=now)


def mark_entered_in_error(*, consent: Consent, actor: Actor, now: datetime, reason: str) -> Consent:
    """It was recorded for the wrong person and must not count."""
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


def is_over(consent: Consent, at: datetime) -> bool:
    """Whether the clock has ended it: its last day, or the 18th birthday of who signed with a guardian."""
    ends = [end for end in (consent.ends_at, consent.guardian_until) if end is not None]
    return not ends or at >= min(ends)


def needs_guardian(client: Client, now: datetime) -> bool:
    """Whether a consent of this client's needs a guardian's signature beside the client's own."""
    today = clock.local_date(now, client.location.timezone)
    return _birthday_that_ends(client, today) is not None


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
        and consent.hold_kind is not HoldKind.NEW_EPISODE
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


def _activate(consent: Consent, actor: Actor, now: datetime) -> Consent:
    """The last signature is there: it counts, and an older one of the pair does not any more."""
    for older in _live_of_pair(consent):
        _move(older, Event.SUPERSEDE, actor=actor, now=now)
    return _move(consent, Event.SIGN, actor=actor, now=now)


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


def _birthday_that_ends(client: Client, today: date) -> date | None:
    """The 18th birthday of a client who signs with a guardian on `today`; None for who signs alone."""
    who = rules.signers(birth_on=client.birth_on, on=today, minor_rule=client.location.minor_rule)
    return rules.of_age_on(client.birth_on) if who is Signers.MINOR_AND_GUARDIAN else None


def _usual_end(today: date, birthday: date | None) -> date:
    usual = rules.months_later(today, settings.current().consent_months)
    return min(usual, birthday - timedelta(days=1)) if birthday else usual


def _refuse_end(expires_on: date, today: date, birthday: date | None) -> None:
    problem = rules.end_problem(expires_on, today=today, of_age_on=birthday)
    if problem:
        raise Refused(problem, field="expires_on")


def _refuse_needs(scopes: Collection[Scope]) -> None:
    if rules.missing_needs(scopes):
        raise Refused("group_names_need_program_times", field="scopes")


def _refuse_unless_waiting(consent: Consent, now: datetime) -> None:
    if consent.state is not State.PENDING_SIGNATURE:
        raise TooLate
    _refuse_after_waiting(consent, now)


def _refuse_after_waiting(consent: Consent, now: datetime) -> None:
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


def _refuse_paper_date(method: SigningMethod, signed_on: date | None, today: date) -> None:
    if method is SigningMethod.PAPER and (signed_on is None or signed_on > today):
        raise Refused("paper_date_missing", field="paper_signed_on")


def _refuse_guardian(
    consent: Consent, name: str, relationship: str, basis: GuardianBasis | str, agreed: bool
) -> None:
    """42 CFR 2.31(a)(8): who signs beside the client, what they are to the client, and on what basis."""
    if not agreed:
        raise Refused("agree_first", field="agreed")
    if not rules.names_one_person(name) or rules.same_name(name, consent.client_name):
        raise Refused("missing_guardian_name", field="guardian_name")
    if relationship not in document.RELATIONSHIPS[consent.language]:
        raise Refused("missing_guardian_relationship", field="guardian_relationship")
    if basis not in list(GuardianBasis):
        raise Refused("missing_guardian_basis", field="guardian_basis")


def _refuse_grown_up(consent: Consent, now: datetime) -> None:
    """Somebody who turned 18 while it waited signs alone, a new one."""
    if consent.guardian_until is None or now >= consent.guardian_until:
        raise Refused("came_of_age")


def _freeze(consent: Consent, method: SigningMethod, witness_id: int | None, now: datetime) -> str:
    """Fill and freeze what is signed; returns the body that the client read."""
    consent.signer_name = consent.client.full_name.strip()
    _fill_elements(consent)
    signed_on = consent.paper_signed_on or clock.local_date(now, _zone(consent))
    elements = _elements(consent, consent.language, signed_on=signed_on)
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


def _document(
    consent: Consent,
    kind: WithdrawalKind,
    fallen: Collection[Scope],
    *,
    actor: Actor,
    now: datetime,
    kept: Collection[Scope] = (),
    already: document.Already | None = None,
) -> None:
    """Freeze the document of a withdrawal beside the consent."""
    text = document.withdrawal(
        document.Withdrawn(
            client_name=consent.client_name,
            recipient_name=consent.recipient_name,
            signed_on=consent.signed_at.astimezone(ZoneInfo(consent.timezone)).date()
            if consent.signed_at
            else None,
            fallen=frozenset(fallen),
            kept=frozenset(kept),
            at=now.astimezone(ZoneInfo(consent.timezone)),
            zone=consent.timezone,
            way=_way(actor),
            recorded_by=_staff_name(actor),
            already=already,
        ),
        language=consent.language,
    )
    consent.withdrawals.append(
        Withdrawal(
            kind=kind,
            at=now,
            signer_name=consent.client_name,
            language=consent.language,
            template_version=document.WITHDRAWAL_VERSION,
            text=text,
            text_digest=document.digest(text),
        )
    )
    db.session.flush()


def _way(actor: Actor) -> str:
    """How the withdrawal came: by the client's own hand, at the desk, or in a note that staff record."""
    return {"client": "own_account", "desk": "at_desk", "staff": "written_note"}.get(
        actor.kind, "own_account"
    )


def _staff_name(actor: Actor) -> str:
    found = db.session.get(StaffMember, actor.id) if actor.kind == "staff" and actor.id else None
    return found.full_name if found else ""


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
