"""The page docs/benchmarks.md: one table a question."""

from dataclasses import dataclass

from bench.dispatch import DispatchCost
from bench.doors import DoorTiming
from bench.due import DueCost
from bench.gate import AuditCost, GateCost
from bench.office import OfficeCost
from bench.pages import PageCost


@dataclass
class Size:
    """What was measured at one size."""

    pages: dict[str, PageCost]
    office: list[OfficeCost]
    gate: GateCost
    sending: DispatchCost
    web_mb: float
    worker_mb: float


@dataclass
class Once:
    """What has its own size and is measured once, on the small database."""

    doors: list[DoorTiming]
    due: DueCost
    audit: AuditCost


def page(sizes: dict[int, Size], once: Once, machine: list[str]) -> str:
    """The whole page; `machine` says when and where."""
    blocks = [
        [
            "# Benchmarks",
            "",
            "Written by `make bench`. Ratios count; absolute figures belong to the machine.",
        ],
        [
            *machine,
            "- Database: SQLite (WAL, synchronous FULL); sink: Postfix's smtp-sink on loopback",
            "- Floor of a page: a bare Flask page of about 10 kB with one select by key, in the same process",
            "- Floor of a mail: `smtplib.send_message` on one kept connection to the same sink",
        ],
        ["## Family pages"],
        [
            "CPU of the whole request through WSGI, median of 9 alternating rounds of 40 calls.",
            "The aim is a ratio of 4.",
        ],
        _pages(sizes),
        ["## The office's pages"],
        ["Statements must be the same whatever the number of families, sessions and sign-ups."],
        _office(sizes),
        ["## Gate and audit"],
        [
            "The home page with a permission and without any.",
            "The gate may add one statement and 15 % of the CPU.",
        ],
        _gate(sizes),
        _audit(once.audit),
        ["## Reminders"],
        ["The clock is held at noon; the floor is measured before and after. CPU in ms a mail."],
        _sending(sizes),
        [
            *_due(once.due),
        ],
        ["## Public forms"],
        ["The chance that a known name takes longer than an unknown one: 0.5 tells nothing, 1.0 all."],
        _doors(once.doors),
        ["## Memory"],
        _memory(sizes),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _table(head: str, lines: list[str]) -> list[str]:
    """`head` names the columns; the first that is no number is aligned left."""
    columns = head.split("|")
    rule = "|".join("---" if column.strip() in WORDS else "---:" for column in columns)
    return [f"| {' | '.join(column.strip() for column in columns)} |", f"|{rule}|", *lines]


WORDS = ("Page", "Form")


def _pages(sizes: dict[int, Size]) -> list[str]:
    return _table(
        "Sign-ups | Page | CPU ms | Floor ms | Ratio | Statements | Bytes",
        [
            f"| {size:,} | {name} | {cost.page_ms:.2f} | {cost.floor_ms:.2f} | {cost.ratio:.1f} "
            f"| {cost.statements} | {cost.page_bytes:,} |"
            for size, found in sizes.items()
            for name, cost in found.pages.items()
        ],
    )


def _office(sizes: dict[int, Size]) -> list[str]:
    return _table(
        "Sign-ups | Page | Statements | CPU ms",
        [
            f"| {size:,} | {cost.page} | {cost.statements} | {cost.cpu_ms:.1f} |"
            for size, found in sizes.items()
            for cost in found.office
        ],
    )


def _gate(sizes: dict[int, Size]) -> list[str]:
    return _table(
        "Sign-ups | Statements with | Statements without | Added by the gate | Gate ms | Share of CPU",
        [
            f"| {size:,} | {cost.statements_with} | {cost.statements_without} | {cost.added_statements} "
            f"| {cost.gate_ms:.2f} | {cost.share:.0%} |"
            for size, cost in ((size, found.gate) for size, found in sizes.items())
        ],
    )


def _audit(cost: AuditCost) -> list[str]:
    return _table(
        "Audit entries | ms to append one | With none | Ratio | CPU ratio",
        [
            f"| {cost.rows:,} | {cost.full_ms:.2f} | {cost.empty_ms:.2f} "
            f"| {cost.ratio:.2f} | {cost.cpu_ratio:.2f} |"
        ],
    )


def _sending(sizes: dict[int, Size]) -> list[str]:
    return _table(
        "Sign-ups | Sent | Prepared /s | Sent /s | Both /s | Floor /s | Ratio | CPU | Floor | fsync ms",
        [
            f"| {size:,} | {cost.sent} | {cost.prepare_per_s:,.0f} | {cost.send_per_s:,.0f} "
            f"| {cost.both_per_s:,.0f} | {cost.floor_per_s:,.0f} | {cost.ratio:.2f} "
            f"| {cost.cpu_ms:.2f} | {cost.floor_cpu_ms:.2f} | {cost.fsync_ms:.2f} |"
            for size, cost in ((size, found.sending) for size, found in sizes.items())
        ],
    )


def _due(cost: DueCost) -> list[str]:
    return [
        f"Finding what is due, with {cost.few:,} past sign-ups and with {cost.many:,} of the same people:",
        f"{cost.few_ms:.1f} and {cost.many_ms:.1f} ms of CPU; ratio {cost.ratio:.2f}, the aim is 1.2.",
    ]


def _doors(timings: list[DoorTiming]) -> list[str]:
    return _table(
        "Form | Chance | Tries",
        [f"| `{timing.path}` | {timing.auc:.2f} | {timing.tries} |" for timing in timings],
    )


def _memory(sizes: dict[int, Size]) -> list[str]:
    return _table(
        "Sign-ups | One web process MB | Worker MB",
        [f"| {size:,} | {found.web_mb:.0f} | {found.worker_mb:.0f} |" for size, found in sizes.items()],
    )
