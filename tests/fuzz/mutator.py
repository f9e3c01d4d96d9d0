"""Small changes of bytes, for where no fuzzer is installed: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from tests.fuzz.target import LONGEST

WORDS = (
    b"<", b">", b"</", b"/>", b"&", b"&amp;", b"&#0;", b"&#xD800;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"?>",
    b"<!DOCTYPE a>", b"xmlns=''", b"xsi:nil='true'", b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b": ", b"- ", b"null",
    b"true", b"NaN", b"1e999", b"-0", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xed\xa0\x80", b"\r", b"\n", b"\t", b"\xc2\x85", b"\xe2\x80\xa8", b"&a", b"*a", b"!!x ", b"%", b"|", b"~", b"=",
    b"9" * 50, b"a" * 300, b"2026-02-30", b"Bearer ", b"Basic ", b"#PasswordDigest",
)  # fmt: skip


def mutations(seeds: Sequence[bytes], *, count: int, seed: int) -> Iterator[bytes]:
    """So many changed inputs, made of these."""
    random = Random(seed)
    for _ in range(count):
        data = random.choice(seeds)
        for _ in range(random.choice((1, 1, 2, 3, 6))):
            data = _changed(data, seeds, random)
        yield data[:LONGEST]


def _changed(data: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    to = min(len(data), at + random.choice((1, 1, 2, 4, 16, 64)))
    match random.randrange(7):
        case 0:
            return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + random.choice(WORDS) + data[at:]
        case 2:
            return data[:at] + random.choice(WORDS) + data[to:]
        case 3:
            return data[:at] + data[to:]
        case 4:
            return data[:to] + data[at:to] * random.choice((1, 2, 20)) + data[to:]
        case 5:
            return data[:at]
        case _:
            other = random.choice(seeds)
            return data[:at] + other[random.randint(0, len(other)) :]
