"""The demo's mail catcher: takes every mail over real SMTP and lists it on a plain page.

    mail_catcher.py SMTP_PORT PAGE_PORT

Nothing leaves this machine, and nothing is kept once it stops.
"""

import html
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

KEPT = 500
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:1rem/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#22302d}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;background:#f2ebe0;padding:1rem;border-radius:.5rem}}
td,th{{text-align:left;padding:.25rem 1rem .25rem 0;vertical-align:top}}
</style></head><body><main>{body}</main></body></html>"""


@dataclass
class Caught:
    """One mail and when it came."""

    at: datetime
    mail: EmailMessage


caught: list[Caught] = []


class Catcher:
    """Takes everything."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep one mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        caught.append(Caught(datetime.now().astimezone(), mail))
        del caught[:-KEPT]
        return "250 OK"


class Page(BaseHTTPRequestHandler):
    """The list on `/`, one mail on `/<number>`."""

    def do_GET(self) -> None:
        """Show."""
        name = self.path.strip("/")
        if not name:
            self._answer("Caught mail", listing())
        elif name.isdecimal() and int(name) < len(caught):
            self._answer("One mail", one(caught[int(name)]))
        else:
            self.send_error(404)

    def _answer(self, title: str, body: str) -> None:
        content = PAGE.format(title=title, body=body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


def listing() -> str:
    """All mails, the newest first."""
    if not caught:
        return "<h1>Caught mail</h1><p>Nothing yet. Load this page again.</p>"
    rows = "".join(
        f"<tr><td>{one.at:%H:%M:%S}</td><td>{html.escape(str(one.mail['To']))}</td>"
        f"<td><a href='/{number}'>{html.escape(str(one.mail['Subject']))}</a></td></tr>"
        for number, one in reversed(list(enumerate(caught)))
    )
    return f"<h1>Caught mail</h1><table><tr><th>At<th>To<th>Subject</tr>{rows}</table>"


def one(item: Caught) -> str:
    """One mail: headers and text; links can be followed."""
    body = item.mail.get_body(("plain",))
    text = html.escape(str(body.get_content()) if body else "")
    linked = " ".join(
        f"<a href='{word}'>{word}</a>" if word.startswith(("http://", "https://")) else word
        for word in text.replace("\n", " \n ").split(" ")
    )
    headers = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in item.mail.items()
    )
    return (
        f"<p><a href='/'>All mail</a></p><h1>{html.escape(str(item.mail['Subject']))}</h1>"
        f"<pre>{linked}</pre><details><summary>Headers</summary><table>{headers}</table></details>"
    )


def main() -> None:
    """Listen until told to stop."""
    smtp_port, page_port = (int(word) for word in sys.argv[1:3])
    controller = Controller(Catcher(), hostname="127.0.0.1", port=smtp_port)
    controller.start()
    pages = ThreadingHTTPServer(("127.0.0.1", page_port), Page)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    done.wait()
    pages.shutdown()
    controller.stop()


if __name__ == "__main__":
    main()
