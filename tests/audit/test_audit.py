"""The audit takes declared fields only, and its seals show damage."""

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.audit import service
from portal.audit.models import AuditBatch, AuditEntry
from portal.audit.sealing import seal, verify
from portal.core.actor import job
from portal.core.db import db, writing
from tests.conftest import NOW


def append(count: int) -> None:
    with writing():
        for number in range(count):
            service.record("client.viewed", actor=job("test"), now=NOW, client_id=number, page="staff.client")


def sealed(*counts: int) -> None:
    for count in counts:
        append(count)
        with writing():
            assert seal(NOW) == count


def test_an_undeclared_kind_is_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="not declared"), writing():
        service.record("client.gossiped", actor=job("test"), now=NOW)


def test_fields_that_are_not_the_kinds_own_are_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="exactly"), writing():
        service.record("client.viewed", actor=job("test"), now=NOW, page="x", name="Elena")


def test_an_untouched_chain_verifies(app: Flask) -> None:
    sealed(3, 1, 5)
    append(2)
    assert verify() is None


def test_sealing_with_nothing_new_changes_nothing(app: Flask) -> None:
    sealed(2)
    with writing():
        assert seal(NOW) == 0
    assert db.session.query(AuditBatch).count() == 1


def test_a_changed_entry_names_its_batch(app: Flask) -> None:
    sealed(3, 3, 3)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id).offset(4)).first()
    assert entry is not None
    with writing():
        db.session.execute(update(AuditEntry).where(AuditEntry.id == entry.id).values(client_id=99))
    finding = verify()
    assert finding is not None
    assert (finding.batch_id, finding.problem) == (entry.batch_id, "an entry in it was changed")


def test_a_deleted_entry_names_its_batch(app: Flask) -> None:
    sealed(3, 3)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).first()
    assert entry is not None
    with writing():
        db.session.execute(delete(AuditEntry).where(AuditEntry.id == entry.id))
    finding = verify()
    assert finding is not None
    assert "has 2" in finding.problem


def test_a_rewritten_batch_breaks_the_next_one(app: Flask) -> None:
    sealed(2, 2)
    first = db.session.scalars(select(AuditBatch).order_by(AuditBatch.id)).first()
    assert first is not None
    with writing():
        db.session.execute(update(AuditBatch).where(AuditBatch.id == first.id).values(digest="f" * 64))
    assert verify() is not None


def test_a_cut_off_tail_is_seen_by_the_digest_kept_outside(app: Flask) -> None:
    sealed(2, 2)
    last = db.session.scalars(select(AuditBatch).order_by(AuditBatch.id.desc())).first()
    assert last is not None
    kept, last_id = last.digest, last.id
    with writing():
        db.session.execute(delete(AuditEntry).where(AuditEntry.batch_id == last_id))
        db.session.execute(delete(AuditBatch).where(AuditBatch.id == last_id))
    assert verify() is None
    finding = verify(anchor=kept)
    assert finding is not None
    assert finding.problem == "the batch with the digest you kept is gone"


def test_the_command_names_the_first_damaged_batch(app: Flask) -> None:
    sealed(2, 2)
    run = app.test_cli_runner()
    assert run.invoke(args=["audit", "verify"]).output == "Every seal holds.\n"
    with writing():
        db.session.execute(update(AuditEntry).values(actor_name="somebody else"))
    broken = run.invoke(args=["audit", "verify"])
    assert broken.exit_code == 1
    assert "an entry in it was changed" in broken.output
