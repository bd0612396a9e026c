"""The caseload: who, with which family and consents, and what comes next."""

from typing import Any

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SearchField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal.people.rules import plain_name
from portal.reports.caseload import URGENT, Row, Step
from portal.reports.caseload import caseload as caseload_rows
from portal.reports.consents import Badge
from portal.web import access
from portal.web.pages import Pages
from portal.web.staff import badges

pages = Pages()

PAGE_SIZE = 50


class FilterForm(FlaskForm):
    """A GET form: its address can be kept."""

    class Meta:
        """Nothing is changed by it: no token."""

        csrf = False

    name = SearchField(_("Name"))
    consent = SelectField(
        _("Consent"),
        choices=[
            SelectChoice("", _("Any")),
            SelectChoice(Badge.ACTIVE.value, _("Active")),
            SelectChoice(Badge.ENDS_SOON.value, _("Ends soon")),
            SelectChoice(Badge.WAITING.value, _("Waiting for signature")),
            SelectChoice(Badge.ON_HOLD.value, _("On hold")),
            SelectChoice(Badge.NONE.value, _("No consent")),
        ],
    )
    sort = SelectField(
        _("Sort by"), choices=[SelectChoice("urgent", _("Needs attention")), SelectChoice("name", _("Name"))]
    )

    def chosen(self, lines: list[Row]) -> list[Row]:
        """The lines that match, in the order asked for."""
        wanted = [line for line in lines if self._has_name(line) and self._has_consent(line)]
        if self.sort.data == "name":
            return wanted
        return sorted(wanted, key=lambda line: list(Step).index(line.step))

    def _has_name(self, line: Row) -> bool:
        part = plain_name((self.name.data or "",))
        names = [line.client.full_name, *(one.relationship.family_member.full_name for one in line.people)]
        return any(part in plain_name((name,)) for name in names)

    def _has_consent(self, line: Row) -> bool:
        badges = {one.standing.badge for one in line.people} or {Badge.NONE}
        return not self.consent.data or self.consent.data in badges


@pages.get("/caseload")
def caseload() -> str:
    """Every client of this staff member."""
    lines = caseload_rows(staff=access.staff(), now=access.now())
    form = FilterForm(request.args)
    found, page = form.chosen(lines), max(request.args.get("page", 1, type=int), 1)
    return render_template(
        "staff/caseload/caseload.html",
        form=form,
        found=len(found),
        shown=found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        more=_address(page + 1) if len(found) > page * PAGE_SIZE else None,
        tiles=tiles(lines),
        badges=badges,
    )


def _address(page: int) -> str:
    """The same list, another page of it."""
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name in ("name", "consent", "sort")
    }
    return url_for(".caseload", page=page, **kept)


def tiles(lines: list[Row]) -> dict[str, int]:
    """The four numbers on top, over the whole caseload."""
    live = {Badge.ACTIVE, Badge.ENDS_SOON}
    return {
        "clients": len(lines),
        "family": sum(one.standing.badge in live for line in lines for one in line.people),
        "readers": sum(line.lessons_finished > 0 for line in lines),
        "urgent": sum(line.step in URGENT for line in lines),
    }
