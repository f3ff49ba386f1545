"""Every example of a docstring is run: what a module shows is what it does."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("services", "shared", "tools")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def examples_written(source: str) -> int:
    """How many examples the docstrings of a module hold, whether anybody finds them or not."""
    parser = doctest.DocTestParser()
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, DOCUMENTED)]
    return sum(len(parser.get_examples(ast.get_docstring(node) or "")) for node in nodes)


def modules() -> dict[str, int]:
    """Modules with examples, and how many each has."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if "node_modules" not in path.parts and (count := examples_written(path.read_text())):
                found[name.removesuffix(".__init__")] = count
    return found


MODULES = modules()
HIDDEN = """
def outer():
    def inner():
        '''Hidden.

        >>> 1 + 1
        2
        '''
"""


@pytest.mark.parametrize("name", MODULES)
def test_every_example_of_a_module_holds_and_none_is_left_out(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert result.attempted == MODULES[name], "an example stands where doctest does not look"


def test_an_example_that_doctest_does_not_see_is_counted() -> None:
    assert examples_written(HIDDEN) == 1
    assert len(MODULES) > 80
