"""Random bytes from the system, fetched many at a time.

Each fetch lets every other thread go first, and a message needs half a dozen of them.
"""

from __future__ import annotations

import os
from collections import deque

PIECE, PIECES = 12, 256
"""Bytes of a piece, the length of a nonce; and pieces of one fetch."""

_kept: deque[bytes] = deque()
os.register_at_fork(after_in_child=_kept.clear)  # what the parent draws, no child is to draw again


def random_piece() -> bytes:
    """Twelve random bytes that nobody else gets, whichever thread asks."""
    while True:
        try:
            return _kept.popleft()
        except IndexError:
            drawn = os.urandom(PIECE * PIECES)
            _kept.extend(drawn[at : at + PIECE] for at in range(0, len(drawn), PIECE))
