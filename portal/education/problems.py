"""What is wrong with a lesson file, with file and line, so that its writer can mend it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to mend. Lines count from 1."""

    file: str
    line: int
    text: str

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

    def add(self, line: int, text: str) -> None:
        """Note a problem at `line`, counted from 1."""
        self.problems.append(Problem(self.file, line, text))
