"""Bounces as mail servers write them."""

REPORT = """\
From: MAILER-DAEMON@relay.example
To: office@harbor.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; no such mailbox

--b
Content-Type: text/rfc822-headers

Message-ID: <{message_id}@harbor.example>
Subject: Please confirm your e-mail

--b--
"""


def report(address: str, message_id: int, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """A delivery status notification (RFC 3464) about one mail of ours."""
    filled = REPORT.format(address=address, message_id=message_id, action=action, status=status)
    return filled.encode()
