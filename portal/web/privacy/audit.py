"""The privacy office reads the audit: newest first, by kind. Nothing can be changed here."""

from flask import render_template, request
from sqlalchemy import func, select

from portal.audit.kinds import KINDS
from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.core.errors import NotFound
from portal.disclosure.models import DisclosureEntry
from portal.web.pages import Pages

pages = Pages()

PAGE_SIZE = 50


@pages.get("/")
def home() -> str:
    """How much there is, and where to look."""
    return render_template(
        "privacy/home.html",
        entries=db.session.scalar(select(func.count(AuditEntry.id))),
        unsealed=db.session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.batch_id.is_(None))),
        refused=db.session.scalar(
            select(func.count(AuditEntry.id)).where(AuditEntry.kind == "client.access_refused")
        ),
        disclosures=db.session.scalar(select(func.count(DisclosureEntry.id))),
    )


@pages.get("/audit")
def audit() -> str:
    """Fifty entries a page; ids and codes only, as they were written."""
    kind, before = request.args.get("kind", ""), request.args.get("before", type=int)
    if kind and kind not in KINDS:
        raise NotFound
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE_SIZE + 1)
    if kind:
        query = query.where(AuditEntry.kind == kind)
    if before:
        query = query.where(AuditEntry.id < before)
    rows = list(db.session.scalars(query))
    return render_template(
        "privacy/audit.html",
        entries=rows[:PAGE_SIZE],
        kinds=sorted(KINDS),
        kind=kind,
        before=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
    )
