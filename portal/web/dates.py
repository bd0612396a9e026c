"""How dates and times are shown: the locale's own forms, always with the weekday."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import dates
from flask import Flask
from flask_babel import gettext

from portal.core import clock
from portal.web import language

# Babel parses locale and pattern with each call; a page shows the same few days many times.
_date = lru_cache(maxsize=4096)(dates.format_date)
_time = lru_cache(maxsize=4096)(dates.format_time)
_zone_name = lru_cache(maxsize=64)(dates.get_timezone_name)


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def _day(on: date | datetime, zone: str = "UTC") -> date:
    return clock.local_date(on, zone) if isinstance(on, datetime) else on


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def long_day(on: date | datetime, zone: str = "UTC") -> str:
    """ "Thursday, June 11" / "Jueves, 11 de junio": an instant is shown in `zone`."""
    code = language.current()
    pattern = "EEEE, d 'de' MMMM" if code == "es" else "EEEE, MMMM d"
    return _sentence(_date(_day(on, zone), pattern, code))


def short_day(on: date | datetime, zone: str = "UTC") -> str:
    """ "Thu, Jun 11" / "Jue, 11 jun"."""
    code = language.current()
    return _sentence(_date(_day(on, zone), "EEE, d MMM" if code == "es" else "EEE, MMM d", code))


def weekday(on: date) -> str:
    """ "Thu" / "Jue"."""
    return _sentence(_date(_day(on), "EEE", language.current()))


def full_date(on: date | datetime, zone: str = "UTC") -> str:
    """ "June 11, 2026" / "11 de junio de 2026"."""
    return _date(_day(on, zone), "long", language.current())


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
    locale = "es_US" if language.current() == "es" else "en_US"
    return _time(time(at.hour, at.minute), pattern, locale=locale).lower()


def zone_name(zone: str) -> str:
    """ "Eastern Time", for whatever is online."""
    return _zone_name(ZoneInfo(zone), locale=language.current())


def relative_day(at: datetime, zone: str) -> str:
    """ "today", "tomorrow", or "in 3 days"."""
    days = (clock.local_date(at, zone) - clock.local_date(clock.now(), zone)).days
    if days == 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    return dates.format_timedelta(
        timedelta(days=days), granularity="day", add_direction=True, locale=language.current()
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
