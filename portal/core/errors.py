"""What a service raises. `portal.web` turns each into a page and a sentence."""

from collections.abc import Callable


class PortalError(Exception):
    """The root of the portal's own errors."""


class NotFound(PortalError):
    """Not there, or not yours: the two look the same on purpose (42 CFR 2.13(c)).

    `aftermath`, if given, runs in a transaction of its own, so that a refused access
    is remembered although nothing else of the request is.
    """

    def __init__(self, *, aftermath: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.aftermath = aftermath


class Refused(PortalError):
    """A verb that cannot be done now.

    `code` names the reason; `portal.web.wording` holds one sentence for each code,
    in both languages. `detail` fills the gaps of that sentence and may carry a
    `field`, the form field that the sentence belongs to.

    `aftermath`, if given, runs in a transaction of its own after the rollback, so
    that a failed try is remembered although nothing else of the request is.
    """

    def __init__(
        self,
        code: str,
        *,
        field: str | None = None,
        aftermath: Callable[[], None] | None = None,
        **detail: object,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.aftermath = aftermath
        self.detail = detail


class TooLate(Refused):
    """Somebody was faster: the row is no longer in the state the caller saw."""

    def __init__(self, code: str = "changed_meanwhile") -> None:
        super().__init__(code)
