"""Laws on made examples: some of them in the whole check, and all of them in the long tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

SOME = 5
"""One in so many is tried in the whole check."""


def examples(count: int, *made: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """A test that holds a law on what is made: on some of `count` examples, and on all of them where it may take long."""

    def tested(law: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("tried", [count // SOME, pytest.param(count, marks=pytest.mark.long)])
        def test(tried: int) -> None:
            all_health = list(HealthCheck)
            settings(max_examples=tried, deadline=None, suppress_health_check=all_health)(given(*made)(law))()

        test.__name__, test.__qualname__ = law.__name__, law.__qualname__
        test.__doc__, test.__module__ = law.__doc__, law.__module__
        return test

    return tested
