"""The language of a page: chosen in the browser, else the account's, else the browser's."""

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, request, session
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user

LANGUAGES = {"en": "English", "es": "Español"}


class Catalogs(Domain):
    """The translations, found by language code: a page asks for them with each of its texts."""

    def __init__(self) -> None:
        super().__init__()
        self._by_language: dict[str, Translations] = {}

    def get_translations(self) -> Translations | NullTranslations:
        """Those of the language in force here."""
        language = current()
        if language not in self._by_language:
            self._by_language[language] = super().get_translations()
        return self._by_language[language]


babel = Babel()
catalogs = Catalogs()
babel.__dict__["domain_instance"] = catalogs  # the place where Flask-Babel keeps the one in use


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
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogs.get_translations().gettext(text),
        ngettext=lambda one, many, number: catalogs.get_translations().ngettext(one, many, number),
        newstyle=True,
    )
    # Jinja's own `_` looks the real one up at each call.
    app.jinja_env.globals["_"] = app.jinja_env.globals["gettext"]
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES, language=current)
