"""The look keeps its budgets and its promises: sizes on the wire, colors, headers of static files."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import config

STATIC = config.ROOT / "static"
BUDGET_KB = {"site.css": 10, "site.js": 3, "icons.svg": 2, "icon.svg": 1, "pdf.css": 2}


@pytest.mark.parametrize(("name", "kilobytes"), BUDGET_KB.items())
def test_static_files_stay_small(name: str, kilobytes: int) -> None:
    assert len(gzip.compress((STATIC / name).read_bytes())) <= kilobytes * 1024


def test_there_are_no_other_static_files() -> None:
    assert {path.name for path in STATIC.rglob("*")} == set(BUDGET_KB)


def test_the_stylesheet_loads_nothing_and_sizes_in_rem() -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "site.css").read_text(), flags=re.S)
    assert "@import" not in css
    assert "url(" not in css
    pixels = set(re.findall(r"[\w-]+: [^;]*\b\d+px[^;]*", css))
    assert pixels <= {"width: 1px", "height: 1px", "margin: -1px"}, pixels


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = set()
    for path in (config.ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        named |= set(re.findall(r"icon\(\"([\w-]+)\"\)", text)) | set(
            re.findall(r"icons\.svg'\) }}#([\w-]+)", text)
        )
    assert named <= sprite, named - sprite


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("front", "grounds", "least"),
    [
        ("ink", ("paper", "card", "sand", "mist", "cream", "honey"), 4.5),
        ("soft", ("paper", "card", "sand", "mist"), 4.5),
        ("pine", ("paper", "card", "mist", "sand"), 4.5),
        ("leaf", ("sprout",), 4.5),
        ("amber", ("cream",), 4.5),
        ("sky", ("haze",), 4.5),
        ("berry", ("rose", "card", "paper"), 4.5),
        ("edge", ("card", "paper"), 3),
    ],
)
def test_colors_can_be_read(front: str, grounds: tuple[str, ...], least: float) -> None:
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", (STATIC / "site.css").read_text()))
    for ground in grounds:
        assert contrast(tokens[front], tokens[ground]) >= least, ground


def test_static_files_live_a_year_under_an_address_with_their_hash(app: Flask, client: FlaskClient) -> None:
    address = re.findall(r'href="(/static/site\.css\?v=\w+)"', client.get("/help").text)[0]
    assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/site.css").headers["Cache-Control"] == "no-store"
    missing = client.get("/static/nothing.css?v=1")
    assert missing.status_code == 404
    assert missing.headers["Cache-Control"] == "no-store"


def test_there_is_no_raster_picture_and_no_font() -> None:
    assert not [path for path in Path(STATIC).rglob("*") if path.suffix in {".png", ".jpg", ".woff2", ".gif"}]
