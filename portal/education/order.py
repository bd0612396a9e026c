"""Which lesson reads best after which: a recommendation, never a lock."""

from collections.abc import Collection

READ_BEFORE: dict[str, tuple[str, ...]] = {
    "m04": ("m03",),
    "m05": ("m03",),
    "m06": ("m05",),
    "m08": ("m07",),
    "m10": ("m09",),
    "m13": ("m02",),
    "m15": ("m02",),
    "m18": ("m06",),
}
"""Lesson → the lessons whose words it uses. M12 needs none: it is open from the first day."""


def missing(code: str, known: Collection[str]) -> tuple[str, ...]:
    """The lessons that read best before `code` and are not among `known`."""
    return tuple(one for one in READ_BEFORE.get(code, ()) if one not in known)
