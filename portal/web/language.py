"""The language of a page: chosen in the browser, else the account's, else the browser's."""

from babel import Locale
from flask import Flask, request, session
from flask_babel import Babel, get_locale
from flask_login import current_user

LANGUAGES = {"en": "English", "es": "Español"}

babel = Babel()


def choose() -> str:
    """The language code of this request."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    if current_user.is_authenticated:
        language = current_user.user.language
        if language in LANGUAGES:
            return str(language)
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def current() -> str:
    """The language code in force here, also outside a request (`force_locale`)."""
    locale: Locale | None = get_locale()
    return locale.language if locale else "en"


def init_app(app: Flask) -> None:
    """Wire Flask-Babel."""
    babel.init_app(
        app,
        default_locale="en",
        default_translation_directories="translations",
        locale_selector=choose,
    )
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES, language=current)
