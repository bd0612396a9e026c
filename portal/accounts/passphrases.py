"""Hashing passphrases with Argon2id (RFC 9106). The costs come from the application's settings."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.accounts.rules import plain_passphrase


class Passphrases:
    """The hasher of this process, and one hash of nobody's passphrase to spend time on."""

    def configure(self, *, memory_kib: int, time_cost: int, lanes: int) -> None:
        """Set the costs: memory in KiB, passes, lanes."""
        self._hasher = PasswordHasher(memory_cost=memory_kib, time_cost=time_cost, parallelism=lanes)
        self._nobody = self._hasher.hash("nobody has this passphrase")

    def hashed(self, passphrase: str) -> str:
        """The stored form; takes about a tenth of a second."""
        return self._hasher.hash(plain_passphrase(passphrase))

    def fits(self, stored: str | None, passphrase: str) -> bool:
        """Whether the passphrase fits; always one verification, also where there is nothing to fit."""
        known = stored is not None and stored.startswith("$argon2id$")
        target = stored if known and stored else self._nobody
        try:
            return self._hasher.verify(target, plain_passphrase(passphrase)) and known
        except (VerificationError, InvalidHashError):
            return False


passphrases = Passphrases()
