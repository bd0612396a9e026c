"""The front matter of a lesson file: YAML between two lines of `---`."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from portal.education.problems import Report

FENCE = "---"
REQUIRED: dict[str, type | tuple[type, ...]] = {
    "code": str,
    "title": str,
    "minutes": int,
    "version": str,
    "license": str,
    "reviewed_on": (date, type(None)),
    "reviewer": (str, type(None)),
    "objectives": list,
    "prompts": list,
    "sources": list,
    "to_verify": list,
}
ENTRIES: dict[str, dict[str, type]] = {
    "sources": {"title": str, "publisher": str, "year": int, "url": str},
    "to_verify": {"fact": str, "source": str},
}
COUNTS = {"objectives": (3, 6), "prompts": (1, 4), "sources": (1, 12), "to_verify": (0, 20)}
MINUTES = (8, 15)


@dataclass(frozen=True)
class FrontMatter:
    """The values, the line on which each key stands, and the line where the text begins."""

    values: dict[str, Any]
    lines: dict[str, int]
    body_line: int


def read(text: str, report: Report) -> FrontMatter | None:
    """The front matter of `text`; None when it cannot be read at all."""
    lines = text.split("\n")
    if lines[0].strip() != FENCE or FENCE not in (line.strip() for line in lines[1:]):
        report.add(1, "no_front_matter")
        return None
    end = next(number for number, line in enumerate(lines[1:], 1) if line.strip() == FENCE)
    source = "\n".join(["", *lines[1:end]])  # the empty line keeps the numbers true
    try:
        values, where = _load(source, report)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        report.add(mark.line + 1 if mark else 1, "front_matter", detail=getattr(error, "problem", error))
        return None
    _check(values, where, report)
    return FrontMatter(values, where, end + 1)


def _load(source: str, report: Report) -> tuple[dict[str, Any], dict[str, int]]:
    """Values and lines. Anchors are refused: a small file must not grow a large one."""
    for event in yaml.parse(source, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem="anchors are not used", problem_mark=mark)
    node = yaml.compose(source, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise yaml.MarkedYAMLError(problem="is a list of `key: value` lines")
    where: dict[str, int] = {}
    for key, _value in node.value:
        if key.value in where:
            report.add(key.start_mark.line + 1, "key_twice", key=key.value)
        where[str(key.value)] = key.start_mark.line + 1
    try:
        return dict(yaml.safe_load(source)), where
    except (ValueError, TypeError) as error:  # such as February 30, or a list for a key
        raise yaml.MarkedYAMLError(problem=str(error)) from error


def _check(values: dict[str, Any], where: dict[str, int], report: Report) -> None:
    for key in [key for key in values if key not in REQUIRED]:
        report.add(where.get(str(key), 1), "key_unknown", key=key)
    for key, kind in REQUIRED.items():
        line = where.get(key, 1)
        if key not in values:
            report.add(line, "key_missing", key=key)
        elif not _is(values[key], kind):
            report.add(line, "key_kind", key=key)
        elif isinstance(values[key], str) and not values[key].strip():
            report.add(line, "key_empty", key=key)
        elif key in COUNTS:
            _check_list(key, values[key], line, report)
    minutes = values.get("minutes")
    if _is(minutes, int) and not MINUTES[0] <= int(minutes or 0) <= MINUTES[1]:
        report.add(where["minutes"], "minutes", minutes=minutes, low=MINUTES[0], high=MINUTES[1])
    if bool(values.get("reviewed_on")) != bool(values.get("reviewer")):
        report.add(where.get("reviewer", 1), "review")


def _check_list(key: str, entries: list[Any], line: int, report: Report) -> None:
    low, high = COUNTS[key]
    if not low <= len(entries) <= high:
        report.add(line, "key_count", key=key, number=len(entries), low=low, high=high)
    for number, entry in enumerate(entries, 1):
        shape = ENTRIES.get(key)
        if shape is None and not (isinstance(entry, str) and entry.strip()):
            report.add(line, "not_a_sentence", key=key, number=number)
        elif shape is not None:
            _check_entry(key, number, entry, shape, line, report)


def _check_entry(
    key: str, number: int, entry: Any, shape: dict[str, type], line: int, report: Report
) -> None:
    if not isinstance(entry, dict) or set(entry) != set(shape):
        report.add(line, "entry_shape", key=key, number=number, names=", ".join(shape))
        return
    for name, kind in shape.items():
        if not _is(entry[name], kind) or entry[name] == "":
            report.add(line, "entry_kind", key=key, number=number, name=name)
    if "url" in entry and not str(entry["url"]).startswith("https://"):
        report.add(line, "entry_url", key=key, number=number)


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
