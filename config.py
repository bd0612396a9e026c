"""Settings from the environment, read once at the start and checked with clear errors."""

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WEAK_SECRETS = frozenset({"", "dev", "secret", "changeme", "change-me", "development"})
MIN_SECRET_LENGTH = 32
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
DEMO_DATABASE = (
    "The portal does not start:\n- The database holds the demo center. Set DATABASE_URL to a database of "
    "your own, then run `flask db upgrade`."
)


class ConfigError(Exception):
    """The environment is not fit for the mode asked for; the message says what to set."""


@dataclass(frozen=True)
class Settings:
    """What the environment says. `mode` is `production` unless it says otherwise."""

    mode: str = "production"
    secret_key: str = ""
    database_url: str = f"sqlite:///{ROOT}/var/portal.db"
    queue_url: str = f"sqlite:///{ROOT}/var/queue.db"
    base_url: str = "http://127.0.0.1:8000"
    debug: bool = False
    secure_cookies: bool = True
    trusted_proxies: int = 0
    mail_server: str = "127.0.0.1"
    mail_port: int = 25
    mail_use_tls: bool = True
    mail_username: str | None = None
    mail_password: str | None = field(default=None, repr=False)
    mail_token_file: str | None = None
    """A file with an XOAUTH2 access token, kept fresh by others; instead of the password."""
    mail_per_minute: int = 0
    """At most so many mails a minute to one domain; 0: as fast as the relay takes them."""
    alert_address: str = ""
    """Whom to write when the worker, the mail server or the disk does not work."""
    mail_sender: str = ""
    mail_timeout_s: int = 20

    @property
    def is_demo(self) -> bool:
        """Whether invented people and the mail catcher are allowed."""
        return self.mode in ("demo", "test")


def _flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in ("1", "true", "yes", "on")


def from_environment() -> Settings:
    """The settings that the environment names. Raises ConfigError for a value it cannot read."""
    mode = os.environ.get("PORTAL_MODE", "production")
    if mode not in ("production", "demo", "test"):
        raise ConfigError("PORTAL_MODE must be production, demo or test.")
    demo = mode != "production"
    defaults = Settings()
    try:
        port = int(os.environ.get("PORTAL_MAIL_PORT", "25"))
        per_minute = int(os.environ.get("PORTAL_MAIL_PER_MINUTE", "0"))
        proxies = int(os.environ.get("PORTAL_TRUSTED_PROXIES", "0"))
    except ValueError as error:
        raise ConfigError(
            "PORTAL_MAIL_PORT, PORTAL_MAIL_PER_MINUTE and PORTAL_TRUSTED_PROXIES must be whole numbers."
        ) from error
    return Settings(
        mode=mode,
        secret_key=os.environ.get("PORTAL_SECRET_KEY", ""),
        database_url=database_url(os.environ.get("DATABASE_URL", defaults.database_url)),
        queue_url=os.environ.get("QUEUE_URL", defaults.queue_url),
        base_url=os.environ.get("PORTAL_BASE_URL", defaults.base_url).rstrip("/"),
        debug=_flag("FLASK_DEBUG", False) or _flag("PORTAL_DEBUG", False),
        secure_cookies=_flag("PORTAL_SECURE_COOKIES", not demo),
        trusted_proxies=proxies,
        mail_server=os.environ.get("PORTAL_MAIL_SERVER", defaults.mail_server),
        mail_port=port,
        mail_use_tls=_flag("PORTAL_MAIL_TLS", not demo),
        mail_username=os.environ.get("PORTAL_MAIL_USERNAME"),
        mail_password=os.environ.get("PORTAL_MAIL_PASSWORD"),
        mail_token_file=os.environ.get("PORTAL_MAIL_TOKEN_FILE"),
        mail_per_minute=per_minute,
        alert_address=os.environ.get("PORTAL_ALERT_ADDRESS", ""),
        mail_sender=os.environ.get("PORTAL_MAIL_SENDER", "office@localhost.example" if demo else ""),
    )


def database_url(url: str) -> str:
    """The URL with the driver named: `postgresql://` alone means another driver elsewhere."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def production_problems(settings: Settings) -> list[str]:
    """One sentence for each thing that must be set before a production start."""
    problems = []
    secret = settings.secret_key
    if secret.lower() in WEAK_SECRETS:
        problems.append(
            "PORTAL_SECRET_KEY is missing or well known: set it to the output of "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` and keep it."
        )
    elif len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < 10:
        problems.append(
            f"PORTAL_SECRET_KEY is weak: set at least {MIN_SECRET_LENGTH} random characters "
            "(`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`)."
        )
    if settings.debug:
        problems.append("Debug is on: unset FLASK_DEBUG and PORTAL_DEBUG.")
    if not settings.secure_cookies:
        problems.append("Cookies would travel unencrypted: unset PORTAL_SECURE_COOKIES or set it to 1.")
    if not settings.base_url.startswith("https://"):
        problems.append("PORTAL_BASE_URL must be the https:// address that people type.")
    if not settings.mail_use_tls and settings.mail_server not in LOOPBACK:
        problems.append(
            "Mail would travel unencrypted: unset PORTAL_MAIL_TLS, or name a relay on this machine."
        )
    if not settings.mail_sender:
        problems.append("PORTAL_MAIL_SENDER is missing: set the discreet address that mail comes from.")
    return problems
