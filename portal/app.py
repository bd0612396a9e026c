"""create_app(): the only place that knows everything."""

import importlib
import logging
from typing import Any

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy.exc import OperationalError

import config
from portal import cli, jobs
from portal.accounts import second_factor
from portal.accounts.passphrases import passphrases
from portal.center import demo_mark
from portal.core.db import db, reading, writing
from portal.core.errors import Refused
from portal.mail import mails as mail_mails
from portal.mail import smtp
from portal.mail.kinds import Registry
from portal.people import account_mails
from portal.reminders import mails as reminders_mails
from portal.sessions import mails as sessions_mails
from portal.web import (
    access,
    admin,
    assets,
    client,
    dates,
    errors,
    family,
    frame,
    headers,
    language,
    ledger,
    menu,
    privacy,
    public,
    refusal,
    scopes,
    signin,
    staff,
    statement,
)
from portal.web.public.mail import ONE_CLICK
from portal.web.signin import staying
from portal.workflows import invite_mails

# Every table is known from the start, whichever page is imported first.
MODELS = tuple(
    importlib.import_module(f"portal.{room}.models")
    for room in (
        "audit",
        "center",
        "mail",
        "accounts",
        "people",
        "consent",
        "disclosure",
        "oversight",
        "schedule",
        "sessions",
        "education",
        "imports",
    )
)

logger = logging.getLogger("portal")
READING_METHODS = ("GET", "HEAD", "OPTIONS")
csrf = CSRFProtect()
migrate = Migrate()


class Portal(Flask):
    """Flask with one transaction around each view, opened and closed here alone."""

    def full_dispatch_request(self) -> Response:
        """A GET, guards and all, runs in a transaction that cannot write.

        What it disclosed for the first time is written to the ledger afterwards, in a short
        transaction of its own, before the response leaves: if that fails, nothing is shown.
        """
        if request.method not in READING_METHODS:
            return super().full_dispatch_request()
        with reading():
            response = super().full_dispatch_request()
            ledger.leave_out_known()
        access.note_seen()
        try:
            ledger.write()
        except Exception:
            logger.exception("the ledger could not be written")
            return self.make_response(errors.unavailable())
        return response

    def dispatch_request(self) -> ResponseReturnValue:
        """A POST is one transaction, committed before the response leaves.

        When a service refuses, everything is rolled back and the view runs once more,
        reading only, to show the sentence beside what was typed (`web.refusal`).
        """
        if request.method in READING_METHODS:
            return super().dispatch_request()
        try:
            if getattr(self.view(), "opens_transactions", False):
                return self.make_response(super().dispatch_request())
            with writing():
                g.pop("now", None)  # read it again, now that the lock is held
                return self.make_response(super().dispatch_request())
        except Refused as refused:
            if refused.aftermath:
                with writing():
                    refused.aftermath()
            g.refusal = refused
        with reading():
            response = self.make_response(super().dispatch_request())
        return refusal.as_response(response)

    def view(self) -> object:
        """The view function of this request, if there is one."""
        return self.view_functions.get(request.endpoint or "")


def create_app(settings: config.Settings | None = None, **overrides: Any) -> Flask:
    """Build the application. Raises ConfigError where production would not be safe."""
    settings = settings or config.from_environment()
    if settings.mode == "production":
        problems = config.production_problems(settings)
        if problems:
            raise config.ConfigError("The portal does not start:\n- " + "\n- ".join(problems))
    logging.getLogger("portal").setLevel(logging.INFO)
    app = Portal(
        "portal",
        root_path=str(config.ROOT / "portal"),
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
        static_url_path="/static",
    )
    app.config.from_mapping(flask_config(settings))
    app.config.from_mapping(overrides)
    app.extensions["settings"] = settings
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=True)
    csrf.init_app(app)
    csrf.exempt(ONE_CLICK)
    access.init_app(app)
    language.init_app(app)
    dates.init_app(app)
    assets.init_app(app)
    frame.init_app(app)
    menu.init_app(app)
    staying.init_app(app)
    scopes.init_app(app)
    statement.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    smtp.init_app(app)
    passphrases.configure(
        memory_kib=app.config["ARGON2_MEMORY_KIB"],
        time_cost=app.config["ARGON2_TIME_COST"],
        lanes=app.config["ARGON2_LANES"],
    )
    second_factor.secrets.configure(app.config["SECRET_KEY"])
    for audience in (public, signin, family, client, staff, admin, privacy):
        app.register_blueprint(audience.build())
    app.register_blueprint(family.build_preview())
    jobs.init_app(app, mail_kinds())
    cli.init_app(app)
    if settings.mode == "production":
        refuse_demo_database(app)
    return app


def refuse_demo_database(app: Flask) -> None:
    """Raise ConfigError when the database holds the invented center."""
    with app.app_context():
        try:
            with reading():
                is_demo = demo_mark.is_demo()
        except OperationalError:
            logger.warning("the database is away: whether it is a demo database could not be checked")
            return
        finally:
            db.session.remove()
            db.engine.dispose()  # no connection crosses a server's fork
    if is_demo:
        raise config.ConfigError(config.DEMO_DATABASE)


def mail_kinds() -> Registry:
    """Every kind of mail, by name. A kind that is not here cannot be sent."""
    return Registry(
        [
            *mail_mails.KINDS,
            *account_mails.KINDS,
            *sessions_mails.KINDS,
            *reminders_mails.KINDS,
            *invite_mails.KINDS,
        ]
    )


def flask_config(settings: config.Settings) -> dict[str, Any]:
    """The settings in the names that Flask and its extensions use."""
    secure = settings.secure_cookies
    return {
        "SECRET_KEY": settings.secret_key or "a secret for the demo and the tests only",
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "hide_parameters": True,
            "pool_pre_ping": not settings.database_url.startswith("sqlite"),
        },
        "SESSION_COOKIE_NAME": "__Host-portal" if secure else "portal",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "WTF_CSRF_TIME_LIMIT": None,  # bound to the browser session, which has its own end
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer, which our Referrer-Policy keeps back
        "ARGON2_MEMORY_KIB": 64 * 1024,
        "ARGON2_TIME_COST": 3,
        "ARGON2_LANES": 4,
        "MAX_CONTENT_LENGTH": 5 * 1024 * 1024,
        "MAIL_SERVER": settings.mail_server,
        "MAIL_PORT": settings.mail_port,
        "MAIL_USE_TLS": settings.mail_use_tls,
        "MAIL_USERNAME": settings.mail_username,
        "MAIL_PASSWORD": settings.mail_password,
        "MAIL_TOKEN_FILE": settings.mail_token_file,
        "MAIL_PER_MINUTE": settings.mail_per_minute,
        "PORTAL_ALERT_ADDRESS": settings.alert_address,
        "MAIL_DEFAULT_SENDER": settings.mail_sender,
        "MAIL_TIMEOUT_S": settings.mail_timeout_s,
        "PORTAL_BASE_URL": settings.base_url,
    }
