"""What may be a passphrase: long, not well known, every character counting."""

import random
import string

import pytest

from portal.accounts.blocklist import blocklist
from portal.accounts.passphrases import Passphrases
from portal.accounts.rules import local_path, weakness

OWN = ("elena.dole@mail.example", "Harbor Room", "Maple Street Office")


def weak(passphrase: str) -> str | None:
    return weakness(passphrase, well_known=blocklist(), own_words=OWN)


@pytest.mark.parametrize(
    ("passphrase", "reason"),
    [
        ("fourteen chars", "passphrase_too_short"),
        ("fifteen letters", None),
        ("xkqjzmwvfhgtbnd", None),
        ("x" + "kqjzmwvf" * 31 + "abcdefg", None),  # 256
        ("x" + "kqjzmwvf" * 32, "passphrase_too_long"),
        (
            "\U0001f600\U0001f40d\U0001f333\U0001f3a9\U0001f34e" * 2 + "\U0001f697\U0001f6b2\U0001f3b8⚽❄",
            None,
        ),
        ("aaaaaaaaaaaaaaaaaaaa", "passphrase_well_known"),
        ("abcabcabcabcabcabc", "passphrase_well_known"),
        ("abcdefghijklmnop", "passphrase_well_known"),
        ("9876543210987654321", "passphrase_well_known"),
        ("Password Password", "passphrase_well_known"),
        ("One day at a time", "passphrase_well_known"),
        ("Just for today, one day at a time.", "passphrase_well_known"),
        ("correct horse battery staple", "passphrase_well_known"),
        ("harbor room 2026!!", "passphrase_well_known"),
        ("elena.dole@mail.example", "passphrase_well_known"),
        ("Elena-Dole-Elena-Dole", "passphrase_well_known"),
        ("elena.dole harbor room", "passphrase_well_known"),
    ],
)
def test_a_passphrase_is_weighed_by_length_and_by_being_known(passphrase: str, reason: str | None) -> None:
    assert weak(passphrase) == reason


def test_the_list_is_long_and_each_entry_is_refused() -> None:
    entries = sorted(blocklist())
    assert sum(len(entry) >= 15 for entry in entries) >= 3_000
    assert min(map(len, entries)) >= 10
    sample = random.Random(7).sample([entry for entry in entries if len(entry) >= 15], 1000)
    assert [entry for entry in sample if weak(entry) != "passphrase_well_known"] == []


def test_ten_thousand_random_passphrases_are_let_through() -> None:
    source = random.Random(11)
    made = ("".join(source.choices(string.ascii_lowercase + " ", k=20)) for _ in range(10_000))
    assert [one for one in made if weak(one)] == []


@pytest.fixture
def hasher() -> Passphrases:
    made = Passphrases()
    made.configure(memory_kib=64, time_cost=1, lanes=1)
    return made


@pytest.mark.parametrize("position", [72, 127, 199])
def test_every_character_counts(hasher: Passphrases, position: int) -> None:
    passphrase = "a long line of words " * 10
    other = passphrase[:position] + "X" + passphrase[position + 1 :]
    stored = hasher.hashed(passphrase[:200])
    assert hasher.fits(stored, passphrase[:200])
    assert not hasher.fits(stored, other[:200])


def test_two_keyboards_type_the_same_passphrase(hasher: Passphrases) -> None:
    assert hasher.fits(hasher.hashed("mañana será otro día"), "man\u0303ana sera\u0301 otro di\u0301a")


def test_nothing_fits_nobody(hasher: Passphrases) -> None:
    assert not hasher.fits(None, "nobody has this passphrase")
    assert not hasher.fits("!", "nobody has this passphrase")


def test_the_stored_form_says_its_scheme_and_costs() -> None:
    made = Passphrases()
    made.configure(memory_kib=64 * 1024, time_cost=3, lanes=4)
    assert made.hashed("seven grey herons at noon").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "wanted", ["", None, "home", "//x.example", "/\\x.example", "https://x.example", "/a\nb"]
)
def test_only_a_path_of_this_site_is_local(wanted: str | None) -> None:
    assert local_path(wanted) is None
    assert local_path("/sessions/1?page=2") == "/sessions/1?page=2"
