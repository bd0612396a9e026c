"""What a backup promises, as data. Pure."""

import json
from dataclasses import asdict, dataclass

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What stands in a backup beside the data, so that a restore can be held to it."""

    made_at: str
    """ISO 8601, UTC."""
    engine: str
    """`sqlite` or `postgresql`; a backup goes back onto the same."""
    revision: str
    """The migration that the data stands on."""
    sha256: str
    rows: dict[str, int]
    """Rows by table at the instant of the backup."""
    format: int = FORMAT

    def to_json(self) -> bytes:
        """As it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Read it back; raises ValueError for another format."""
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ValueError("a backup of another format")
        return cls(**values)


def missing(promised: dict[str, int], found: dict[str, int]) -> list[str]:
    """The tables whose rows are not those promised, with both numbers."""
    return [
        f"{table}: {found.get(table)} instead of {count}"
        for table, count in promised.items()
        if found.get(table) != count
    ]
