"""Random bytes from the system, fetched many at a time.

Each fetch lets every other thread go first, and a message needs half a dozen of them.
"""

from __future__ import annotations

import os
from collections import deque
from struct import Struct

PIECE, PIECES = 12, 256
"""Bytes of a piece, the length of a nonce; and pieces of one fetch."""

_DRAWN = Struct(f"{PIECE}s" * PIECES)
_kept: deque[bytes] = deque()
os.register_at_fork(after_in_child=_kept.clear)  # what the parent draws, no child is to draw again


def random_piece() -> bytes:
    """Twelve random bytes that nobody else gets, whichever thread asks."""
    while True:
        try:
            return _kept.popleft()
        except IndexError:
            _kept.extend(_DRAWN.unpack(os.urandom(_DRAWN.size)))
