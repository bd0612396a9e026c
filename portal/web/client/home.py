"""The client's start page: what waits for them, then who can see what."""

from flask import render_template

from portal.consent import queries
from portal.web import access
from portal.web.pages import Pages

pages = Pages()


@pages.get("/home")
def home() -> str:
    """The next thing first."""
    people = queries.people_of(access.client(), access.now())
    return render_template("client/home/home.html", people=people)
