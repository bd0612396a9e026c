"""The demo's accounts: one passphrase and one second factor for everybody, both printed.

Only a demo database has them, and production refuses to start on one.
"""

from datetime import datetime

import pyotp

from portal.demo.cast import STAFF

PASSPHRASE = "paper lanterns by the river"  # noqa: S105 (printed, for invented people)
TOTP_SECRET = "HARBORROOMDEMOONLYHARBORROOMDEMO"  # noqa: S105 (printed, for invented people)
DOMAIN = "demo.example"

MAIN = (
    ("elena", "family member, lessons and sessions shared with her"),
    ("rosa", "family member, in Spanish"),
    ("marcus", "client, shares with Elena"),
    ("dana", "therapist"),
    ("grace", "family coordinator"),
    ("ivy", "privacy officer"),
    ("omar", "administrator"),
)


def sign_in_name(given_name: str) -> str:
    """ "Soo-jin" signs in as `soojin@demo.example`."""
    return f"{given_name.lower().replace('-', '')}@{DOMAIN}"


def is_staff(name: str) -> bool:
    """Whether a name, or a sign-in name, is that of a staff member of the demo."""
    given = name.strip().lower().removesuffix(f"@{DOMAIN}")
    return given in {one.given_name.lower() for one in STAFF}


def code(now: datetime) -> str:
    """The 6-digit code that every staff account of the demo asks for at this instant."""
    return pyotp.TOTP(TOTP_SECRET).at(now)


def lines(now: datetime) -> list[str]:
    """What `flask demo accounts` prints."""
    width = max(len(sign_in_name(name)) for name, _ in MAIN)
    return [
        "",
        "  Invented people to sign in as (name, who it is):",
        *(f"    {sign_in_name(name):<{width}}  {who}" for name, who in MAIN),
        f"  Their passphrase: {PASSPHRASE}",
        f"  Staff are asked for a 6-digit code. Now it is {code(now)}; for another: flask demo code dana",
        f"  (or put the secret {TOTP_SECRET} into your authenticator app)",
    ]
