"""Today and this week at the center, per location, in its own time."""

from flask import render_template

from portal.people import queries as people
from portal.sessions import closed_days, day
from portal.web import access
from portal.web.pages import Pages
from portal.web.staff.session_forms import KINDS

pages = Pages()


@pages.get("/today")
def today() -> str:
    """What takes place, how full it is, what is still to be seen to; the way to each roster."""
    places = day.at_the_center(access.staff(), access.now())
    mine = people.locations_of(access.staff())
    return render_template(
        "staff/today/today.html",
        places=places,
        closed=closed_days.live(mine, access.now()),
        mine=mine,
        kinds=dict(KINDS),
    )
