"""Today and this week at the center, per location, in its own time."""

from flask import render_template

from portal.sessions import day
from portal.web import access
from portal.web.pages import Pages
from portal.web.staff.session_forms import KINDS

pages = Pages()


@pages.get("/today")
def today() -> str:
    """What takes place, how full it is, what is still to be seen to; the way to each roster."""
    places = day.at_the_center(access.staff(), access.now())
    return render_template("staff/today/today.html", places=places, by_day=day.by_day, kinds=dict(KINDS))
