"""Every shipped lesson can be read by everybody, and the page of figures is current."""

import importlib.util
import sys
from types import ModuleType

import pytest

import config
from portal.education import curriculum


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    """The script that writes docs/curriculum.md."""
    spec = importlib.util.spec_from_file_location(
        "curriculum_figures", config.ROOT / "scripts" / "curriculum_figures.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", curriculum.LANGUAGES)
@pytest.mark.parametrize("code", list(curriculum.read()))
def test_a_lesson_reads_easily(figures: ModuleType, code: str, language: str) -> None:
    grade = figures.grade(curriculum.read()[code][language], language)
    assert grade.is_easy, grade.figures


def test_the_page_of_figures_is_current(figures: ModuleType) -> None:
    assert figures.PAGE.read_text() == figures.page(), "run scripts/curriculum_figures.py"
