"""How dates and times are shown: the locale's own forms, always with the weekday."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta, get_timezone_name
from flask import Flask
from flask_babel import get_locale, gettext

from portal.core import clock


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def long_day(on: date | datetime, zone: str = "UTC") -> str:
    """ "Thursday, June 11" / "Jueves, 11 de junio": an instant is shown in `zone`."""
    on = _local(on, zone) if isinstance(on, datetime) else on
    locale = str(get_locale())
    pattern = "EEEE, d 'de' MMMM" if locale.startswith("es") else "EEEE, MMMM d"
    return _sentence(format_date(on, pattern, locale=locale))


def short_day(on: date | datetime, zone: str = "UTC") -> str:
    """ "Thu, Jun 11" / "Jue, 11 jun"."""
    on = _local(on, zone) if isinstance(on, datetime) else on
    locale = str(get_locale())
    return _sentence(
        format_date(on, "EEE, d MMM" if locale.startswith("es") else "EEE, MMM d", locale=locale)
    )


def weekday(on: date) -> str:
    """ "Thu" / "Jue"."""
    return _sentence(format_date(on, "EEE", locale=str(get_locale())))


def full_date(on: date | datetime, zone: str = "UTC") -> str:
    """ "June 11, 2026" / "11 de junio de 2026"."""
    on = _local(on, zone) if isinstance(on, datetime) else on
    return format_date(on, "long", locale=str(get_locale()))


def clock_time(at: datetime, zone: str) -> str:
    """ "6:00 pm" / "6:00 p.m."."""
    return _clock(_local(at, zone), "h:mm a")


def hours(start: datetime, end: datetime, zone: str) -> str:
    """ "6:00 to 7:30 pm", or "11:00 am to 1:00 pm" across noon."""
    first, last = _local(start, zone), _local(end, zone)
    same_half = first.date() == last.date() and first.hour // 12 == last.hour // 12
    return gettext(
        "%(start)s to %(end)s",
        start=_clock(first, "h:mm" if same_half else "h:mm a"),
        end=_clock(last, "h:mm a"),
    )


def _clock(at: datetime, pattern: str) -> str:
    """In the 12-hour form that both languages use in this country."""
    locale = "es_US" if str(get_locale()).startswith("es") else "en_US"
    return format_time(at, pattern, locale=locale).lower()


def zone_name(zone: str) -> str:
    """ "Eastern Time", for whatever is online."""
    return get_timezone_name(ZoneInfo(zone), locale=str(get_locale()))


def relative_day(at: datetime, zone: str) -> str:
    """ "today", "tomorrow", or "in 3 days"."""
    days = (clock.local_date(at, zone) - clock.local_date(clock.now(), zone)).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    return format_timedelta(
        timedelta(days=days), granularity="day", add_direction=True, locale=str(get_locale())
    )


def init_app(app: Flask) -> None:
    """Offer each as a template function."""
    app.jinja_env.globals.update(
        long_day=long_day,
        short_day=short_day,
        weekday=weekday,
        full_date=full_date,
        clock_time=clock_time,
        hours=hours,
        zone_name=zone_name,
        relative_day=relative_day,
    )
