"""Mail: readers who want it, and letters of a plain kind."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from flask import Flask

from portal.jobs import worker_of
from portal.mail import service, smtp
from portal.mail.kinds import Kind, Letter, Message, Registry
from portal.mail.models import MailAddress, MailPreference, OutboundMessage, ReaderKind
from portal.mail.post import Post
from portal.people.models import FamilyMember
from tests.conftest import NOW
from tests.factories import factory
from tests.factories.people import BEFORE, make_family_member


@factory
def make_mail_address(reader: FamilyMember, **values: Any) -> MailAddress:
    """A confirmed address of a family member's."""
    return MailAddress(
        **{
            "reader_kind": ReaderKind.FAMILY,
            "reader_id": reader.id,
            "address": reader.email,
            "confirmed_at": BEFORE,
            **values,
        }
    )


@factory
def make_opt_in(reader: FamilyMember, kind: str = "session_reminders", **values: Any) -> MailPreference:
    """A yes to one kind of mail."""
    return MailPreference(
        **{
            "reader_kind": ReaderKind.FAMILY,
            "reader_id": reader.id,
            "kind": kind,
            "opted_in_at": BEFORE,
            **values,
        }
    )


def make_mail_reader(*kinds: str, **values: Any) -> FamilyMember:
    """A family member with a confirmed address who wants these kinds of mail."""
    reader = make_family_member(**values)
    make_mail_address(reader)
    for kind in kinds or ("session_reminders",):
        make_opt_in(reader, kind)
    return reader


@factory
def make_message(reader: FamilyMember | None = None, **values: Any) -> OutboundMessage:
    """A queued message of the plain kind."""
    reader = reader or make_family_member()
    return service.queue(
        **{
            "kind": "plain",
            "reader_kind": ReaderKind.FAMILY,
            "reader_id": reader.id,
            "context": {"address": reader.email},
            "now": NOW,
            **values,
        }
    )


def plain_letter(message: Message, now: datetime) -> Letter:
    """A letter that needs no rows: the confirming mail's words."""
    return Letter(
        address=message.context["address"],
        language="en",
        values={"token": "token"},
        template="confirm_address",
    )


def plain_kind(
    *,
    still_wanted: Callable[[Message, datetime], str | None] | None = None,
    render: Callable[[Message, datetime], Letter] = plain_letter,
    is_optional: bool = False,
) -> Kind:
    """A kind for tests of sending, about nobody."""
    return Kind("plain", False, is_optional, render, still_wanted)


def post_of(app: Flask, kinds: Collection[Kind] = ()) -> Post:
    """The application's post, with the kinds given or the real ones."""
    post = worker_of(app).post
    if not kinds:
        return post
    return Post(Registry(kinds), post.base_url, post.sender, post.address_key, smtp.KeptLine)
