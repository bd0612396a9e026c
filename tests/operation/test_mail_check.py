"""`flask mail check`: the way to the server, the sender's domain, one test mail."""

import pytest
from flask import Flask

from portal.operation import mail_check
from portal.operation.mail_check import Advice, LookUp
from tests.smtp import mail_server

RECORDS = {
    "mail.example": ["v=spf1 include:relay.example -all", "something else"],
    "s1._domainkey.mail.example": ["v=DKIM1; p=abc"],
    "_dmarc.mail.example": ["v=DMARC1; p=quarantine"],
}


def looked_at(look_up: LookUp, **values: str) -> dict[str, Advice]:
    asked = {"sender": "office@mail.example", "username": "office@mail.example", "selector": "s1", **values}
    return {each.subject: each for each in mail_check.advice(look_up=look_up, **asked)}


def test_a_domain_in_order_is_well() -> None:
    found = looked_at(lambda name: RECORDS.get(name, []))
    assert [each.is_well for each in found.values()] == [True] * 4


def test_what_is_missing_is_said_with_where_it_belongs() -> None:
    found = looked_at(lambda _name: [])
    assert [each.is_well for each in found.values()] == [True, False, False, False]
    assert "_dmarc.mail.example" in found["DMARC"].text


def test_two_records_are_as_bad_as_none() -> None:
    assert looked_at(lambda _name: ["v=spf1 -all", "v=spf1 ~all"])["SPF"].is_well is False


def test_without_a_name_server_it_says_so() -> None:
    found = looked_at(lambda _name: None)
    assert [found[subject].is_well for subject in ("SPF", "DKIM", "DMARC")] == [None] * 3


def test_an_account_of_another_domain_is_told() -> None:
    assert looked_at(lambda _name: None, username="me@elsewhere.example")["sender"].is_well is False


@pytest.mark.smtp
def test_the_command_sends_one_test_mail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_check, "txt_records", lambda _name: None)
    with mail_server(app) as box:
        result = app.test_cli_runner().invoke(args=["mail", "check", "--to", "it@harbor.example"])
    assert (result.exit_code, [mail["To"] for mail in box.mails]) == (0, ["it@harbor.example"])
    assert "good    mail server: connected, not encrypted, without signing in." in result.output
    assert "good    test mail: It was taken." in result.output


@pytest.mark.smtp
def test_the_command_says_that_there_is_no_way_in(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_check, "txt_records", lambda _name: None)
    monkeypatch.setitem(app.config, "MAIL_PORT", 1)
    result = app.test_cli_runner().invoke(args=["mail", "check", "--to", "it@harbor.example"])
    assert result.exit_code == 1
    assert "MEND    mail server: No way in: ConnectionRefusedError." in result.output
