"""What must hold after every fault, read from the server's record and the database alone.

I1: each mail is taken at most once. I2: none vanishes; each is final or waits for its time.
I4: nothing goes after its use. The others have tests of their own: I3 in
`test_withdraw_against_claim`, I5 and I7 in `test_last_place`, I6 in `test_fault_table`
(a mail is queued in the transaction of what it tells of), I8 in `tests/mail/test_discreet`.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from portal.core.db import db
from portal.mail.models import FINAL_STATES, MessageState, OutboundMessage

WAITING = (MessageState.QUEUED, MessageState.DEFERRED)


def ids(taken: Counter[str]) -> Counter[int]:
    """Numbers of the mails that a server took."""
    return Counter({int(key.strip("<>").partition("@")[0]): count for key, count in taken.items()})


def assert_kept(taken: Counter[str], made: Iterable[int]) -> dict[int, MessageState]:
    """The invariants of sending; returns how each message stands."""
    db.session.rollback()
    rows = db.session.scalars(select(OutboundMessage)).all()
    states = {row.id: row.state for row in rows}
    assert set(states) == set(made)  # I2
    assert all(state in FINAL_STATES or state in WAITING for state in states.values())
    counted = ids(taken)
    assert all(count == 1 for count in counted.values())  # I1
    for row in rows:
        if row.state is MessageState.SENT:
            assert row.id in counted
            assert row.useful_until is None or row.state_changed_at < row.useful_until  # I4
        elif row.id in counted:
            assert row.state is MessageState.UNCONFIRMED
    return states
