"""The table of fault cases is true: each of its tests exists, and the page is what the table says."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.faults.cases import PAGE, REPOSITORY, SECTIONS, STATES, Case, cases, page

ALL = [case for name in SECTIONS for case in cases(name)]
PASSED = 0.95
"""Of the cases that apply, at least so many are passed: raised as open ones are closed, never lowered."""


@cache
def functions_of(file: str) -> frozenset[str]:
    """The names of a module's test functions, those of its classes too."""
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    classes = (f"{node.name}.TestCase" for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assigned = (
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    )
    return frozenset((*(node.name for node in functions), *classes, *assigned))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_case_that_is_passed_names_tests_that_exist(case: Case) -> None:
    missing = [
        test for test in case.tests if test.partition("::")[2].partition("[")[0] not in functions_of(test.partition("::")[0])
    ]

    assert case.status in STATES
    assert not missing
    assert case.tests if case.status == "passed" else case.note


def test_every_case_stands_once_and_nearly_all_are_passed() -> None:
    ids = [case.id for case in ALL]

    assert len(ids) == len(set(ids))
    applicable = [case for case in ALL if case.status != "n/a"]
    assert sum(case.status == "passed" for case in applicable) >= PASSED * len(applicable)


def test_the_page_of_faults_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.faults.cases"
