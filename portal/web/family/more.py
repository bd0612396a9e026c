"""The tab "More": everything a family member needs seldom; and help for themselves."""

from flask import render_template

from portal.web.pages import Pages

pages = Pages()


@pages.get("/more")
def more() -> str:
    """The list of what is not in the other tabs."""
    return render_template("family/more.html")


@pages.get("/support")
def support() -> str:
    """Groups and lines for the family member, with nothing about anybody else."""
    return render_template("family/support.html")
