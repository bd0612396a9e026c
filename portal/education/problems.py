"""What is wrong with a lesson file, with file and line, so that its writer can mend it.

Each problem has a code; its sentence is here once, in English, and the pages translate it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue; whoever shows it translates it."""
    return sentence


SENTENCES: dict[str, str] = {
    # the file
    "too_large": N_("is larger than %(size)s kB; a lesson has about 10"),
    "not_utf8": N_("is not UTF-8 text"),
    "name": N_("a file is named like m03-triggers.md"),
    "no_translation": N_("the translation is missing"),
    "code_twice": N_("code %(code)s stands in another file too"),
    "code_not_name": N_("code is %(code)s, the file's name says %(wanted)s"),
    "code_not_own": N_("code is %(code)s; a lesson of your own has a code like c01"),
    # the front matter
    "no_front_matter": N_("begins with front matter between two lines of ---"),
    "front_matter": N_("front matter: %(detail)s"),
    "key_twice": N_("%(key)s: stands twice"),
    "key_unknown": N_("%(key)s: is not known"),
    "key_missing": N_("%(key)s: is missing"),
    "key_kind": N_("%(key)s: is not of the right kind"),
    "key_empty": N_("%(key)s: is empty"),
    "minutes": N_("minutes: %(minutes)s, wanted %(low)s to %(high)s"),
    "review": N_("reviewed_on and reviewer belong together"),
    "key_count": N_("%(key)s: %(number)s, wanted %(low)s to %(high)s"),
    "not_a_sentence": N_("%(key)s: entry %(number)s is not a sentence (quote it if it holds a colon)"),
    "entry_shape": N_("%(key)s: entry %(number)s has exactly %(names)s"),
    "entry_kind": N_("%(key)s: entry %(number)s: %(name)s is not of the right kind"),
    "entry_url": N_("%(key)s: entry %(number)s: url begins with https://"),
    # the text
    "unkind": N_("“%(word)s”: say it person-first"),
    "heading": N_("a heading is `## Card: …`, `## Practice: …` or `## Check: …`"),
    "before_first": N_("text before the first card"),
    "order": N_("the order is cards, practice, checks"),
    "card_words": N_("%(number)s words, wanted %(low)s to %(high)s"),
    "practice_empty": N_("the practice is empty"),
    "markup_text": N_("%(what)s: not in a lesson"),
    "markup_heading": N_("%(what)s: not in a heading"),
    "markup_answer": N_("%(what)s: not in an answer"),
    "markup_question": N_("%(what)s: not in a question"),
    "option": N_("an option is `- [ ] answer — explanation`, with the explanation"),
    "rights": N_("%(number)s right answers, wanted exactly one `[x]`"),
    "options_same": N_("two options read the same"),
    "count_cards": N_("%(number)s cards, wanted %(wanted)s"),
    "count_practices": N_("%(number)s practices, wanted %(wanted)s"),
    "count_checks": N_("%(number)s checks, wanted %(wanted)s"),
    "count_options": N_("%(number)s options, wanted %(wanted)s"),
    # both languages
    "differs": N_("%(key)s: not as in en/%(name)s"),
    "differs_objectives": N_("number of objectives: not as in en/%(name)s"),
    "differs_cards": N_("number of cards: not as in en/%(name)s"),
    "differs_prompts": N_("number of prompts: not as in en/%(name)s"),
    "differs_answers": N_("place of the right answers: not as in en/%(name)s"),
    "differs_facts": N_("number of facts to verify: not as in en/%(name)s"),
}
"""By code. Names of keys and marks of a file stay as they stand in the file."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend. Lines count from 1."""

    file: str
    line: int
    code: str
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The sentence in English, with its gaps."""
        return SENTENCES[self.code]

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.sentence % self.details

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class ContentError(Exception):
    """The lessons cannot be loaded; nothing was."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass
class Report:
    """Gathers the problems of one file."""

    file: str
    problems: list[Problem]

    def add(self, line: int, code: str, /, **details: object) -> None:
        """Note a problem at `line`, counted from 1."""
        self.problems.append(Problem(self.file, line, code, details))
