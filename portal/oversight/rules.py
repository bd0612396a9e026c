"""What a task is about, and how it ends. Pure."""

from enum import StrEnum


class TaskKind(StrEnum):
    """What somebody has to do. What a consent or a date already says (sign, renew, hold) is no
    task of its own: the task list reads it where it stands.
    """

    SCAN = "scan"
    """File the scan of a consent signed on paper."""
    INTERPRETER = "interpreter"
    """Find an interpreter, or see to another access need, for a session."""
    CALL = "call"
    """Telephone somebody whom no mail reaches."""
    BOUNCE = "bounce"
    """An address no longer takes mail: ask for the right one."""
    MESSAGE = "message"
    """Somebody told the team something."""
    CONFLICT = "conflict"
    """A family session and the client's own schedule overlap."""
    APPROVAL = "approval"
    """Somebody asks for a place that staff decide on."""
    CLIENT_DECLINED = "client_declined"
    """The client does not take part in a session that is planned with them."""
    CENSUS = "census"
    """The record system no longer lists a client who is in care here."""
    REVIEW = "review"
    """Look at a use of break-glass, a death, or another thing that the privacy office reviews."""
    INCIDENT = "incident"
    """Something may have reached the wrong person, or the audit is damaged."""
    NAMED = "named"
    """A client has named a person: see to their contact, and invite them once it is signed."""
    TELL = "tell"
    """A client who stopped sharing asked the office to tell the person, in the client's words."""
    OTHER = "other"


class TaskState(StrEnum):
    """A task is open until it is done, or no longer needed; it never reopens."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"
