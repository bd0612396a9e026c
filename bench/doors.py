"""Whether timing tells a known name from an unknown one, as an AUC: 0.5 tells nothing, 1.0 all."""

import random
import time
from dataclasses import dataclass
from itertools import product

from flask import Flask
from flask.testing import FlaskClient

from bench.fill import Progress
from portal.accounts import service as accounts
from portal.core import clock
from portal.core.actor import job
from portal.core.db import writing

TRIES = 60
PASSPHRASE = "green apples fall slowly at noon"
DOORS = {"/sign-in": {"passphrase": "not the one that fits here"}, "/password/forgot": {}}


@dataclass(frozen=True)
class DoorTiming:
    """One public form: the chance that a known name took longer than an unknown one."""

    path: str
    auc: float
    tries: int


def measure_doors(app: Flask, tries: int = TRIES) -> list[DoorTiming]:
    """Post each form with `tries` known and as many unknown names, each once, in random order."""
    with app.app_context():
        stored = accounts.hashed_passphrase(PASSPHRASE, sign_in_name="nobody")
        with writing():
            for number in range(tries):
                accounts.create_user(
                    sign_in_name=_name(True, number),
                    passphrase=PASSPHRASE,
                    stored=stored,
                    language="en",
                    now=clock.now(),
                    actor=job("bench"),
                )
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        return [_measure(app, path, more, tries) for path, more in DOORS.items()]
    finally:
        app.config["WTF_CSRF_ENABLED"] = True


def _measure(app: Flask, path: str, more: dict[str, str], tries: int) -> DoorTiming:
    spent: dict[bool, list[float]] = {True: [], False: []}
    order = list(product([True, False], range(tries)))
    random.Random(2026).shuffle(order)
    progress = Progress(path, len(order))
    for is_known, number in order:
        form = {"sign_in_name": _name(is_known, number), **more}
        spent[is_known].append(_seconds(app.test_client(), path, form))
        progress.add(1)
    pairs = list(product(spent[True], spent[False]))
    won = sum(1.0 if known > other else 0.5 if known == other else 0.0 for known, other in pairs)
    return DoorTiming(path, won / len(pairs), tries)


def _name(is_known: bool, number: int) -> str:
    return f"bench.{'known' if is_known else 'other'}{number}@mail.example"


def _seconds(client: FlaskClient, path: str, data: dict[str, str]) -> float:
    start = time.perf_counter()
    client.post(path, data=data)
    return time.perf_counter() - start
