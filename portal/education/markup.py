"""Markdown of lessons to safe HTML: no raw HTML in, a short list of tags out.

Two locks: the parser does not know HTML, and what it renders is sanitized once more.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "h3", "br"}
SCHEMES = {"https", "tel"}

_render = MarkdownIt("commonmark", {"html": False})
_strict = MarkdownIt("commonmark", {"html": True})
_strict.validateLink = lambda url: True  # type: ignore[method-assign]  # see every link, then judge

_ALLOWED_TOKENS = {
    *("paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close"),
    *("ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close"),
    *("inline", "text", "softbreak", "hardbreak", "strong_open", "strong_close"),
    *("em_open", "em_close", "link_open", "link_close", "text_special"),
}


@lru_cache(maxsize=1024)
def html(markdown: str) -> Markup:
    """The safe HTML of a lesson's Markdown: the one place that says so."""
    rendered = nh3.clean(
        _render.render(markdown),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer",
    )
    return Markup(rendered)  # noqa: S704 - sanitized in the line above


def plain(markdown: str) -> str:
    """The words alone: for counting and for reading grade. List items end as sentences."""
    lines = []
    for token in _render.parse(markdown):
        if token.type == "inline":
            text = "".join(
                " " if child.type in ("softbreak", "hardbreak") else child.content
                for child in token.children or []
            ).strip()
            lines.append(text if text.endswith((".", "!", "?", ":")) else f"{text}.")
    return "\n".join(lines)


def items(markdown: str) -> list[str]:
    """The plain words of each list item, in order: what an exercise asks to go through."""
    found, inside = [], False
    for token in _render.parse(markdown):
        if token.type in ("list_item_open", "list_item_close"):
            inside = token.type == "list_item_open"
        elif inside and token.type == "inline":
            found.append("".join(child.content or " " for child in token.children or []).strip())
    return [" ".join(text.split()) for text in found if text]


def words(markdown: str) -> int:
    """How many words a reader meets."""
    return len(plain(markdown).split())


def strangers(markdown: str) -> list[tuple[int, str]]:
    """What does not belong in a lesson, as (line from 0, what): raw HTML, images, other links."""
    found: list[tuple[int, str]] = []
    for token in _strict.parse(markdown):
        line = token.map[0] if token.map else 0
        for each in (token, *(token.children or ())):
            if each.type not in _ALLOWED_TOKENS:
                found.append((line, each.type.removesuffix("_open")))
            elif each.type == "link_open" and not _is_safe(str(each.attrs.get("href", ""))):
                found.append((line, "link that is not https or tel"))
    return [one for one in found if not one[1].endswith("_close")]


def _is_safe(href: str) -> bool:
    scheme, colon, _ = href.partition(":")
    return bool(colon) and scheme.lower() in SCHEMES
