"""What the center's IT wants to know of its mail: the sender's domain and the records that vouch for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dns.exception
import dns.resolver

from portal.mail.rules import domain_of

LookUp = Callable[[str], list[str] | None]
SECONDS = 4


@dataclass(frozen=True)
class Advice:
    """One thing looked at. `is_well` None: it could not be looked up."""

    subject: str
    is_well: bool | None
    text: str


def txt_records(name: str) -> list[str] | None:
    """The TXT records of a name; none there: []; nobody to ask: None."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError):
        return None
    return [b"".join(record.strings).decode(errors="replace") for record in answer]


def advice(*, sender: str, username: str | None, selector: str, look_up: LookUp) -> Iterator[Advice]:
    """Sender, SPF, DKIM and DMARC, in this order."""
    domain = domain_of(sender)
    yield _alignment(domain, username)
    yield _record(
        "SPF",
        look_up(domain),
        "v=spf1",
        f"Publish a TXT record at {domain} that begins with v=spf1 and names your relay.",
    )
    if selector:
        name = f"{selector}._domainkey.{domain}"
        yield _record("DKIM", look_up(name), "p=", f"Publish the relay's public key at {name}.")
    else:
        yield Advice("DKIM", None, "Name the relay's selector to have it looked up: --selector NAME.")
    name = f"_dmarc.{domain}"
    yield _record("DMARC", look_up(name), "v=DMARC1", f"Publish v=DMARC1; p=quarantine at {name}.")


def _alignment(domain: str, username: str | None) -> Advice:
    """The envelope and the From line are one address, so only the account can differ."""
    if username and "@" in username and domain_of(username) != domain:
        return Advice("sender", False, f"The relay's account is of another domain than {domain}.")
    return Advice("sender", True, f"Envelope and From line are both of {domain}.")


def _record(subject: str, found: list[str] | None, mark: str, what_to_do: str) -> Advice:
    if found is None:
        return Advice(subject, None, "No name server answered: look it up where there is one.")
    matching = [record for record in found if mark in record]
    if len(matching) > 1:
        return Advice(subject, False, "There is more than one such record, and receivers then ignore all.")
    return Advice(subject, True, matching[0]) if matching else Advice(subject, False, what_to_do)
