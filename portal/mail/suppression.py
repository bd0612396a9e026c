"""Addresses that must get nothing, kept as keyed hashes so that they outlive the person's row."""

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import connection, db
from portal.mail.models import MailAddress, Suppression
from portal.mail.rules import plain_address

_OF = select(Suppression.id).where(Suppression.address_hash == bindparam("address_hash"))


def hashed(address: str, key: str) -> str:
    """The stored form of an address."""
    return hmac.new(key.encode(), plain_address(address).encode(), hashlib.sha256).hexdigest()


def is_suppressed(address: str, key: str) -> bool:
    """Whether nothing may go to this address."""
    found = connection().execute(_OF, {"address_hash": hashed(address, key)})
    return found.first() is not None


def suppress(address: str, *, key: str, reason: str, now: datetime) -> bool:
    """Send nothing more here; its readers have to confirm an address anew. False: it was so."""
    if is_suppressed(address, key):
        return False
    db.session.add(Suppression(address_hash=hashed(address, key), reason=reason, at=now))
    db.session.execute(
        update(MailAddress).where(MailAddress.address == plain_address(address)).values(confirmed_at=None)
    )
    return True


def lift(address: str, *, key: str, actor: Actor, now: datetime) -> bool:
    """Mail may go to this address again; False where it was never suspended."""
    ended = db.session.execute(delete(Suppression).where(Suppression.address_hash == hashed(address, key)))
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        return False
    audit.record("mail.suspension_lifted", actor=actor, now=now)
    return True
