"""The second factor: a 6-digit code that changes every 30 seconds (TOTP, RFC 6238).

The secret is stored encrypted; a code works once, since the last accepted step is kept.
"""

import base64
from datetime import datetime
from urllib.parse import quote

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import update

from portal.accounts import backup_codes, notices, service, tries
from portal.accounts.models import BrowserSession, User
from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db

STEP_S = 30


class Secrets:
    """The keys of this process, derived from the portal's own secret."""

    def configure(self, secret_key: str) -> None:
        """Derive the keys; `secret_key` itself is not kept."""
        self._fernet = Fernet(base64.urlsafe_b64encode(_derived(secret_key, "totp at rest")))
        self._offers = _derived(secret_key, "totp offers")
        self.backup_code_key = _derived(secret_key, "backup codes").hex()

    def offered(self, session: BrowserSession) -> str:
        """The secret offered to one browser session: the same at each look, stored nowhere."""
        return base64.b32encode(_derived(self._offers.hex(), f"offer {session.id}")[:20]).decode()

    def encrypted(self, secret: str) -> str:
        """As it is stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypted(self, stored: str) -> str:
        """As it is used. Raises ValueError when the stored form was changed or the key is another."""
        try:
            return self._fernet.decrypt(stored.encode()).decode()
        except InvalidToken as error:
            raise ValueError("a second factor cannot be decrypted with this PORTAL_SECRET_KEY") from error


secrets = Secrets()


def set_up(*, session: BrowserSession, code: str, now: datetime, actor: Actor) -> bool:
    """Keep the offered secret once the person shows a code of it. Returns whether it was right."""
    user = _locked(session.user_id)
    secret = secrets.offered(session)
    step = _matching_step(secret, code, now)
    if user.totp_secret is not None or not tries.count(user, now) or step is None:
        return False
    user.totp_secret = secrets.encrypted(secret)
    user.totp_last_step = step
    tries.succeeded(user)
    audit.record("second_factor.set_up", actor=actor, now=now, user_id=user.id)
    notices.tell(user_id=user.id, now=now)
    return True


def shown(*, user_id: int, code: str, now: datetime) -> bool:
    """Count a try and say whether the code, or a backup code, is right, now, and for the first time."""
    user = _locked(user_id)
    if user.totp_secret is None or not tries.count(user, now):
        return False
    step = _matching_step(secrets.decrypted(user.totp_secret), code, now)
    fits = step is not None and _first_time(user_id, step)
    if not fits and not backup_codes.take(user_id=user_id, typed=code, key=secrets.backup_code_key, now=now):
        return False
    tries.succeeded(user)
    return True


def new_backup_codes(*, user_id: int, now: datetime, actor: Actor) -> list[str]:
    """Ten new backup codes, to be shown once. The caller has seen proof of who asks."""
    return backup_codes.make(user_id=user_id, key=secrets.backup_code_key, now=now, actor=actor)


def stop(*, user_id: int, now: datetime, actor: Actor) -> None:
    """A family member or client no longer wants the second step; they stay signed in."""
    _forget(user_id)
    audit.record("second_factor.stopped", actor=actor, now=now, user_id=user_id)
    notices.tell(user_id=user_id, now=now)


def forget(*, user_id: int, now: datetime, actor: Actor) -> None:
    """Somebody lost the phone: they are signed out and set up a new one at the next sign-in."""
    _forget(user_id)
    audit.record("second_factor.forgotten", actor=actor, now=now, user_id=user_id)
    notices.tell(user_id=user_id, now=now)
    service.end_browser_sessions(user_id=user_id, reason="second_factor_forgotten", now=now, actor=actor)


def address(*, secret: str, account: str, issuer: str) -> str:
    """The `otpauth:` address that the QR code holds."""
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?secret={secret}&issuer={quote(issuer)}"


def _forget(user_id: int) -> None:
    db.session.execute(update(User).where(User.id == user_id).values(totp_secret=None))
    backup_codes.forget(user_id)


def _locked(user_id: int) -> User:
    return db.session.get_one(User, user_id, with_for_update=True, populate_existing=True)


def _first_time(user_id: int, step: int) -> bool:
    taken = db.session.execute(
        update(User).where(User.id == user_id, User.totp_last_step < step).values(totp_last_step=step)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of a code, one step early or late allowed for clocks; None: it fits none."""
    typed = "".join(code.split())
    present = int(now.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    fits = [
        step for step in (present - 1, present, present + 1) if totp.verify(typed, for_time=step * STEP_S)
    ]
    return fits[0] if fits else None


def _derived(key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key.encode())
