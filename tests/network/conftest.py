"""The towns and nodes of `tests/faults`, for the tests of the network too."""

from tests.faults.conftest import busy_town, nodes

__all__ = ["busy_town", "nodes"]
