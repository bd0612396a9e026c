"""The chain of the audit is broken: an incident for the privacy office to look into, once a batch."""

from datetime import datetime

from portal.audit.sealing import Finding
from portal.core.actor import Actor
from portal.oversight import tasks
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind


def report(finding: Finding, *, actor: Actor, now: datetime) -> Task:
    """Open the incident of this batch, or give the one that is open already."""
    subject = f"audit:{finding.batch_id or 'tail'}"
    return tasks.open_task(TaskKind.INCIDENT, subject=subject, actor=actor, now=now)
