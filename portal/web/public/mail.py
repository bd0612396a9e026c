"""The links in our mail. Mail scanners follow links, so opening one changes nothing."""

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal.core.actor import VISITOR
from portal.core.errors import NotFound
from portal.mail import queries, service
from portal.sessions import links
from portal.web import access
from portal.web.pages import Pages
from portal.web.refusal import submitted

pages = Pages()

ONE_CLICK = f"{__name__}.stop_mail"
"""Needs no CSRF token: a mail program presses it by itself (RFC 8058), the token proves it."""


class ConfirmForm(FlaskForm):
    """A button."""


@pages.get("/mail/<token>")
def stop_mail_page(token: str) -> str:
    """A button, whatever the token: nobody learns here whether it is one of ours."""
    return render_template("public/mail/stop.html", token=token)


@pages.post("/mail/<token>")
def stop_mail(token: str) -> str:
    """Stop the kind of mail that the link stood in; an unknown link changes nothing."""
    service.stop(token=token, actor=VISITOR, now=access.now())
    return render_template("public/mail/stopped.html")


@pages.form("/mail/confirm/<token>")
def confirm_mail(token: str) -> ResponseReturnValue:
    """Prove that this mailbox is the reader's own; NotFound for a link that was used."""
    row = queries.address_to_confirm(token)
    form = ConfirmForm()
    if submitted(form):
        service.confirm_address(token=token, actor=VISITOR, now=access.now())
        return render_template("public/mail/confirmed.html")
    return render_template("public/mail/confirm.html", form=form, address=row.address)


@pages.form("/mail/place/<token>")
def answer_for_place(token: str) -> ResponseReturnValue:
    """ "Can you still come?": two buttons, and nothing about what, where or with whom.

    A link that was used, is over, or was never ours gives one and the same page.
    """
    form = ConfirmForm()
    try:
        links.usable(token, now=access.now())
    except NotFound:
        return render_template("public/mail/place_over.html"), 404
    if submitted(form):
        gives_up = request.form.get("answer") == "no"
        (links.give_up if gives_up else links.confirm)(token, now=access.now())
        return render_template("public/mail/place_answered.html", gives_up=gives_up)
    return render_template("public/mail/place.html", form=form)
