"""The kinds of mail: what each says, to whom, and whether it is still wanted.

A room declares its kinds in its `mails.py`; `portal.app.mail_kinds` registers them. So
`mail` asks the gate without knowing it. Three files stand beside a kind:
`templates/mail/<kind>.subject`, `.txt` and `.html`, the last two with the same words.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from portal.mail.models import ReaderKind


class Message(Protocol):
    """What a kind is told of the message that it is asked about."""

    @property
    def id(self) -> int: ...
    @property
    def reader_kind(self) -> ReaderKind: ...
    @property
    def reader_id(self) -> int: ...
    @property
    def context(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Letter:
    """One mail before it is put into words.

    `values` fill the gaps of the templates. Links are made in the templates from a path,
    `link("/invite/" ~ token)`, so a kind never needs to know the portal's address.
    """

    address: str
    language: str
    name: str = ""
    """The reader's first name, for the greeting; empty where the address is not proven."""
    values: dict[str, Any] = field(default_factory=dict)
    template: str = ""
    """The base name of the three files; empty: the kind's own name."""


Render = Callable[[Message, datetime], Letter]
StillWanted = Callable[[Message, datetime], str | None]


@dataclass(frozen=True)
class Kind:
    """One kind of mail.

    Both run in the transaction just before the conversation, one after the other.
    `still_wanted` locks the consent row where one is needed (`may_disclose(lock=True)`) and
    returns the reason to drop the message, or None. `render` may mint tokens, which then
    exist nowhere but in the mail.
    """

    name: str
    is_client_linked: bool
    is_optional: bool
    render: Render
    still_wanted: StillWanted | None = None
    preference: str = ""
    """The opt-in that an optional kind needs (`MailPreference.kind`); empty: its own name."""

    @property
    def opt_in(self) -> str:
        """The name of the preference that switches this kind on."""
        return self.preference or self.name


class Registry(Mapping[str, Kind]):
    """Every kind by name. Raises ValueError for a kind that could disclose unasked."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds: dict[str, Kind] = {}
        for kind in kinds:
            self._add(kind)

    def _add(self, kind: Kind) -> None:
        if kind.name in self._kinds:
            raise ValueError(f"mail kind {kind.name!r} is registered twice")
        if kind.is_client_linked and kind.still_wanted is None:
            raise ValueError(f"mail kind {kind.name!r} is client-linked and never asks the gate")
        self._kinds[kind.name] = kind

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)
