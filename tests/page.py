"""The page harness: what must be true of every page, whoever wrote it.

`check_page(response)` reads the HTML with the standard library's parser and raises one
AssertionError that lists everything wrong.
"""

import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.test import TestResponse

FAMILY_BYTES = 6 * 1024
STAFF_BYTES = 15 * 1024

FORBIDDEN_WORDS = (
    "addict",
    "addicts",
    "alcoholic",
    "alcoholics",
    "clean",
    "dirty",
    "enabler",
    "codependent",
    "non-compliant",
    "noncompliant",
    "invalid",
    "please",
    "oops",
    "adicto",
    "adicta",
    "alcohólico",
    "alcohólica",
    "codependiente",
)
"""Words that no page says: of people, or in an error."""

TREATMENT_WORDS = ("recovery", "addiction", "rehab", "treatment", "substance", "drug", "alcohol", "relapse")
"""Words that no title says: it shows in the tab, the history and the task list."""

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SKIPPED = {"svg", "path", "use", "symbol", "circle", "rect", "g", "title", "desc", "text", "line", "polyline"}


@dataclass
class Element:
    """One start tag, with what stands inside it."""

    tag: str
    attributes: dict[str, str]
    parents: tuple["Element", ...]
    text: str = ""

    def inside(self, tag: str) -> bool:
        """Whether a parent is such an element."""
        return any(parent.tag == tag for parent in self.parents)


@dataclass
class Page(HTMLParser):
    """A parsed page: its elements in order, its text, and tags that were closed wrongly."""

    elements: list[Element] = field(default_factory=list)
    stack: list[Element] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self.stack))
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.stack and self.stack[-1].tag == tag:
            self.stack.pop()
        else:
            self.crossed.append(f"</{tag}> closes {self.stack[-1].tag if self.stack else 'nothing'}")

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        """The elements with one of these tags."""
        return [element for element in self.elements if element.tag in tags]

    def one(self, tag: str) -> Element:
        """The first element with this tag."""
        return self.all(tag)[0]

    def by_id(self) -> dict[str, Element]:
        """The elements by their id."""
        return {element.attributes["id"]: element for element in self.elements if "id" in element.attributes}


def parse(html: str) -> Page:
    """Read a page."""
    page = Page()
    page.feed(html)
    page.close()
    return page


def check_page(
    response: TestResponse,
    *,
    budget: int = FAMILY_BYTES,
    names: tuple[str, ...] = (),
    status: int | None = None,
) -> Page:
    """Raise with all that is wrong. `names` are client names that no link or title may hold."""
    html = response.get_data(as_text=True)
    page = parse(html)
    problems = [
        *_frame(page, names),
        *_headings(page),
        *_ids(page),
        *_labels(page),
        *_forms(page),
        *_scripts(page),
        *_words(page),
        *_links(page, names),
        *_headers(response),
    ]
    if status is not None and response.status_code != status:
        problems.append(f"answered {response.status_code}, not {status}")
    size = len(gzip.compress(html.encode(), 6))
    if size > budget:
        problems.append(f"{size} bytes compressed, more than {budget}")
    assert not problems, "\n".join([f"{response.request.path}:", *problems])
    return page


def _frame(page: Page, names: tuple[str, ...]) -> list[str]:
    problems = [*page.crossed]
    if page.one("html").attributes.get("lang") not in ("en", "es"):
        problems.append("no language on <html>")
    titles = [each for each in page.all("title") if each.inside("head")]
    title = titles[0].text.strip() if titles else ""
    if len(titles) != 1 or not re.fullmatch(r".+ - .+", title):
        problems.append(f"title is {title!r}, not 'Page - Product'")
    problems += [f"title says {word!r}" for word in TREATMENT_WORDS if word in title.lower()]
    problems += [f"title holds the name {name!r}" for name in names if name in title]
    problems += [f"{len(page.all(tag))} <{tag}>" for tag in ("main", "footer") if len(page.all(tag)) != 1]
    addresses = [link.attributes.get("href", "") for link in page.all("a")]
    problems += [f"no {number}" for number in ("tel:911", "tel:988") if number not in addresses]
    if not any(address.startswith("sms:988") for address in addresses):
        problems.append("no sms:988")
    return problems


def _headings(page: Page) -> list[str]:
    headings = page.all("h1", "h2", "h3", "h4", "h5", "h6")
    levels = [int(each.tag[1]) for each in headings]
    problems = [] if levels.count(1) == 1 else [f"{levels.count(1)} h1"]
    problems += [f"empty {each.tag}" for each in headings if not each.text.strip()]
    after_first = levels[levels.index(1) :] if 1 in levels else levels
    for before, after in zip(after_first, after_first[1:], strict=False):
        if after > before + 1:
            problems.append(f"h{before} is followed by h{after}")
    return problems


def _ids(page: Page) -> list[str]:
    counted = Counter(each.attributes["id"] for each in page.elements if "id" in each.attributes)
    problems = [f"id {each!r} stands {times} times" for each, times in counted.items() if times > 1]
    for element in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            missing = [each for each in element.attributes.get(name, "").split() if each not in counted]
            problems += [f"<{element.tag} {name}={each!r}> points at nothing" for each in missing]
        address = element.attributes.get("href", "")
        if element.tag == "a" and len(address) > 1 and address[0] == "#" and address[1:] not in counted:
            problems.append(f"the link {address!r} leads nowhere")
    return problems


def _labels(page: Page) -> list[str]:
    labelled = {each.attributes.get("for") for each in page.all("label")}
    problems = []
    for element in page.all("input", "select", "textarea"):
        attributes = element.attributes
        if attributes.get("type") in ("hidden", "submit", "button"):
            continue
        named = attributes.get("aria-label") or attributes.get("aria-labelledby")
        if not (named or attributes.get("id") in labelled or element.inside("label")):
            problems.append(f"<{element.tag} name={attributes.get('name')!r}> has no label")
    for element in page.all("a", "button", "summary"):
        if not (element.text.strip() or element.attributes.get("aria-label")):
            problems.append(f"<{element.tag}> without words")
    for table in page.all("table"):
        if not any(table in each.parents for each in page.all("th")):
            problems.append("a table without headings")
    return problems


def _forms(page: Page) -> list[str]:
    problems = []
    for form in page.all("form"):
        inputs = [each for each in page.all("input") if form in each.parents]
        if form.attributes.get("method", "get").lower() == "post":
            if not any(each.attributes.get("name") == "csrf_token" for each in inputs):
                problems.append(f"the form to {form.attributes.get('action')!r} has no CSRF token")
        elif any(each.attributes.get("name") == "csrf_token" for each in inputs):
            problems.append("a GET form carries the CSRF token into the address")
        nested = [each for each in form.parents if each.tag == "form"]
        problems += ["a form inside a form"] * bool(nested)
    return problems


def _scripts(page: Page) -> list[str]:
    problems = [f"<{each.tag}> inside the page" for each in page.all("style")]
    for element in page.elements:
        if element.tag == "script" and not element.attributes.get("src", "").startswith("/static/"):
            problems.append("an inline or foreign script")
        for name, value in element.attributes.items():
            if name == "style" or name.startswith("on"):
                problems.append(f"<{element.tag} {name}=…>")
            if name in ("href", "src") and value.startswith(("javascript:", "data:")):
                problems.append(f"<{element.tag} {name}={value!r}>")
    return problems


def _words(page: Page) -> list[str]:
    words = set(re.findall(r"[\w-]+", page.one("body").text.lower()))
    return [f"says {word!r}" for word in FORBIDDEN_WORDS if word in words]


def _links(page: Page, names: tuple[str, ...]) -> list[str]:
    addresses = [
        each.attributes[name]
        for each in page.elements
        for name in ("href", "action", "src")
        if name in each.attributes
    ]
    problems = [f"{address!r} holds {name!r}" for address in addresses for name in names if name in address]
    return problems + [
        f"{each.attributes.get('src')!r} is loaded from elsewhere"
        for each in page.all("img", "script", "iframe", "video", "source")
        if each.attributes.get("src", "/").startswith(("http:", "https:", "//"))
    ]


def _headers(response: TestResponse) -> list[str]:
    headers = response.headers
    policy = headers.get("Content-Security-Policy", "")
    problems = (
        [] if policy.startswith("default-src 'none'") and "unsafe" not in policy else [f"CSP {policy!r}"]
    )
    for name, wanted in (
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex, nofollow"),
    ):
        if headers.get(name) != wanted:
            problems.append(f"{name} is {headers.get(name)!r}, not {wanted!r}")
    return problems
