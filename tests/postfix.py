"""Debian's Postfix on loopback, from a configuration of its own, thrown away after the test."""

import mailbox
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from pwd import getpwnam

from tests.postgres import free_port
from tests.sink import wait_for

POSTFIX = "/usr/sbin/postfix"
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
virtual_mailbox_domains = mail.example, harbor.example
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = error:outside
"""
MASTER = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running server and its mailboxes."""

    port: int
    folder: Path

    def delivered(self, address: str, *, wait_s: float = 20) -> tuple[bytes, EmailMessage]:
        """The one mail in this mailbox, raw and read, once it is there."""
        box = self.folder / "boxes" / address
        for _ in range(int(wait_s / 0.05)):
            found = list((box / "new").glob("*")) if box.is_dir() else []
            if found:
                assert len(found) == 1
                raw = found[0].read_bytes()
                read = message_from_bytes(raw, policy=policy.default)
                assert isinstance(read, EmailMessage)
                return raw, read
            time.sleep(0.05)
        raise AssertionError(f"nothing arrived: {(self.folder / 'log').read_text()}")

    def boxes(self) -> set[str]:
        """Whose mailbox holds anything."""
        return {path.name for path in (self.folder / "boxes").iterdir() if len(mailbox.Maildir(path))}


@contextmanager
def postfix(*addresses: str) -> Iterator[Postfix]:
    """Run it with these mailboxes; whoever else is written to at their domains is unknown."""
    folder, port, owner = Path(tempfile.mkdtemp(prefix="pf")), free_port(), getpwnam("nobody")
    folder.chmod(0o755)
    for name, user in (("queue", "root"), ("data", "postfix"), ("boxes", "nobody"), ("conf", "root")):
        (folder / name).mkdir()
        shutil.chown(folder / name, user)
    boxes = ", ".join(f"{address}={address}/" for address in addresses)
    (folder / "conf/main.cf").write_text(
        MAIN.format(folder=folder, boxes=boxes, uid=owner.pw_uid, gid=owner.pw_gid)
    )
    (folder / "conf/master.cf").write_text(MASTER.format(port=port))
    command = [POSTFIX, "-c", str(folder / "conf")]
    subprocess.run([*command, "start"], check=True, capture_output=True)
    try:
        wait_for(port)
        yield Postfix(port, folder)
    finally:
        subprocess.run([*command, "abort"], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
