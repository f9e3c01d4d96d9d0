"""An address that a sender gives lies under one that its connector names, or is refused: however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import CallForbidden
from hub.transports.given_addresses import LONGEST, place_of, place_under

BASE = place_of("https://portail.example.fr/media")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://portail.example.fr/media/a.pdf", "https://portail.example.fr/media/a.pdf"),
        ("https://portail.example.fr/media", "https://portail.example.fr/media"),
        ("HTTPS://Portail.Example.FR:443/media/a.pdf", "https://portail.example.fr/media/a.pdf"),
        ("https://portail.example.fr./media/a.pdf#page=2", "https://portail.example.fr/media/a.pdf"),
        (
            "https://portail.example.fr/media/pièce.pdf?nom=été",
            "https://portail.example.fr/media/pi%C3%A8ce.pdf?nom=%C3%A9t%C3%A9",
        ),
        ("https://portail.example.fr/media/100%25.pdf?id=../3", "https://portail.example.fr/media/100%25.pdf?id=../3"),
        ("https://portail.example.fr/media/a%20b...pdf", "https://portail.example.fr/media/a%20b...pdf"),
    ],
)
def test_an_address_under_a_named_one_is_taken_in_its_plain_form(address: str, url: str) -> None:
    assert place_under(address, [BASE]).url == url


@pytest.mark.parametrize(
    "address",
    [
        "http://portail.example.fr/media/a.pdf",
        "https://portail.example.fr:8443/media/a.pdf",
        "https://portail.example.fr/medias/a.pdf",
        "https://portail.example.fr/Media/a.pdf",
        "https://portail.example.fr/",
        "https://portail.example.fr.attacker.example/media/a.pdf",
        "https://portail.example.fr@attacker.example/media/a.pdf",
        "https://attacker.example#@portail.example.fr/media/a.pdf",
        "https://attacker.example\\@portail.example.fr/media/a.pdf",
        "https://attacker.example/https://portail.example.fr/media/a.pdf",
        "https://portail.example.fr/media/../admin",
        "https://portail.example.fr/media/./../admin",
        "https://portail.example.fr/media/%2E%2e/admin",
        "https://portail.example.fr/media/%252e%252e/admin",
        "https://portail.example.fr/media/..%2fadmin",
        "https://portail.example.fr/media/a%5c..%5cb",
        "https://portail.example.fr/media/..;x=1/admin",
        "https://portail.example.fr/media/a%00.pdf",
        "https://portail.example.fr/media/a%0d%0aHost:%20x",
        "https://portail.example.fr/media/a\r\nHost: x",
        "https://portail.example.fr/media/a b",
        "https://portail.example.fr:99999/media/a",
        "https://[::1/media/a",
        "https:/portail.example.fr/media/a",
        "ftp://portail.example.fr/media/a",
        "data:application/pdf;base64,JVBERi0=",
        "",
        "https://portail.example.fr/media/" + "a" * LONGEST,
    ],
)
def test_any_other_is_refused(address: str) -> None:
    with pytest.raises(CallForbidden):
        place_under(address, [BASE])


def test_nothing_lies_under_a_connector_that_names_no_place() -> None:
    with pytest.raises(CallForbidden):
        place_under("https://portail.example.fr/media/a.pdf", [])


@given(st.text(max_size=80))
def test_whatever_is_written_after_the_named_address_stays_under_it_or_is_refused(rest: str) -> None:
    try:
        place = place_under(f"https://portail.example.fr/media{rest}", [BASE])
    except CallForbidden:
        return
    assert place.url.startswith("https://portail.example.fr/media")
    assert place.url.isascii() and not set(place.url) & set(' \\\r\n"<>')
    assert place_under(place.url, [BASE]) == place
