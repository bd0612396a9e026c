"""A birth date as three number fields: month, day, year. Nobody has to hunt in a calendar."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import Field
from wtforms.widgets import TextInput

PARTS = ("month", "day", "year")


class BirthDateField(Field):
    """`data` is a date, or None where the three numbers make none; what was typed stays."""

    widget = TextInput()

    typed: dict[str, str]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the three fields `<name>-month`, `-day` and `-year`."""
        super().process(None, data)
        self.typed = {part: formdata.get(f"{self.name}-{part}", "") for part in PARTS} if formdata else {}
        if self.typed:
            self.data = _date([self.typed[part] for part in ("year", "month", "day")])

    def part(self, name: str) -> str:
        """What stands in one of the three fields."""
        if self.typed:
            return self.typed[name]
        return str(getattr(self.data, name)) if self.data else ""


def _date(numbers: Sequence[str]) -> date | None:
    try:
        year, month, day = (int(number) for number in numbers)
        return date(year, month, day)
    except ValueError:
        return None
