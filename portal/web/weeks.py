"""The week a calendar page shows: Monday to Sunday, named as ISO 8601 does (`2026-W24`)."""

from dataclasses import dataclass
from datetime import date, timedelta

WEEKS_BACK = 26
WEEKS_AHEAD = 26


@dataclass(frozen=True)
class Week:
    """One week, by its Monday."""

    monday: date

    @property
    def name(self) -> str:
        """The name in addresses and in the ledger, such as `2026-W24`."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def sunday(self) -> date:
        """The last day."""
        return self.monday + timedelta(days=6)

    @property
    def days(self) -> list[date]:
        """The seven days."""
        return [self.monday + timedelta(days=number) for number in range(7)]

    def shifted(self, weeks: int) -> "Week":
        """The week so many weeks later."""
        return Week(self.monday + timedelta(weeks=weeks))


@dataclass(frozen=True)
class Shown:
    """The week that a page shows, and where its links lead."""

    week: Week
    today: date

    @property
    def is_present(self) -> bool:
        """Whether today is in it."""
        return self.week == week_of(self.today)

    @property
    def is_past(self) -> bool:
        """Whether it is over."""
        return self.week.sunday < self.today

    @property
    def previous(self) -> str | None:
        """The week before, unless that is too far back."""
        return self._name_if_near(self.week.shifted(-1))

    @property
    def next(self) -> str | None:
        """The week after, unless that is too far ahead."""
        return self._name_if_near(self.week.shifted(1))

    def _name_if_near(self, week: Week) -> str | None:
        return week.name if _is_near(week, self.today) else None


def week_of(on: date) -> Week:
    """The week in which a day lies."""
    return Week(on - timedelta(days=on.weekday()))


def shown(asked: str | None, today: date) -> Shown:
    """The week asked for; this week where nothing sensible was asked."""
    week = _parsed(asked or "")
    return Shown(week if week and _is_near(week, today) else week_of(today), today)


def _parsed(text: str) -> Week | None:
    year, separator, number = text.partition("-W")
    digits = year + number
    if not (separator and len(year) == 4 and len(number) == 2 and digits.isascii() and digits.isdigit()):
        return None
    try:
        return Week(date.fromisocalendar(int(year), int(number), 1))
    except ValueError:
        return None


def _is_near(week: Week, today: date) -> bool:
    this = week_of(today)
    return this.shifted(-WEEKS_BACK).monday <= week.monday <= this.shifted(WEEKS_AHEAD).monday
