"""Whatever form an address takes, it is vetted as the network will understand it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from hub.errors import CallForbidden
from hub.transports.addresses import Egress, VettingResolver, vetted

NOTHING_PRIVATE = Egress()
TOWN_HALL = Egress(networks=(ip_network("10.0.0.0/8"),))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0X7F.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:a00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "168.63.129.16",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ],
)
def test_an_address_that_is_not_public_is_refused_in_every_form(host: str) -> None:
    with pytest.raises(CallForbidden, match="HUB_ALLOW_PRIVATE="):
        vetted(f"https://{host}/orders", NOTHING_PRIVATE)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.fr/",
        "file:///etc/passwd",
        "gopher://example.fr/",
        "data:text/plain,x",
        "//example.fr/",
        "example.fr/orders",
        "https://",
        "https:///orders",
        "https://user@example.fr/",
        "https://example.fr:80@10.0.0.1/",
        "https://example.fr\\@10.0.0.1/",
        "https://example.fr /",
        "https://example.fr\t/",
        "https://example.fr/\r\nX: 1",
        "https://exa\x00mple.fr/",
        "https://example.fr:99999/",
        "https://example.fr:port/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://08.1.1.1/",
        "https://[fe80::1%25eth0]/",
        "https://[10.0.0.1/",
        "https://a..b/",
        "https://.example.fr/",
        "https://exam%70le.fr/",
    ],
)
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(CallForbidden):
        vetted(url, Egress(networks=(ip_network("0.0.0.0/0"), ip_network("::/0")), public_http=True))


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://Waste.Example.FR./a%2Fb?q=1#part", "https://waste.example.fr/a%2Fb?q=1"),
        ("https://waste.example.fr:8443", "https://waste.example.fr:8443"),
        ("https://déchets.example.fr/", "https://xn--dchets-bva.example.fr/"),
        ("https://91.198.174.192/", "https://91.198.174.192/"),
        ("http://0x0a.1/", "http://10.0.0.1/"),
        ("http://[::ffff:10.0.0.1]:8080/", "http://10.0.0.1:8080/"),
        ("https://[2001:4860:4860:0:0:0:0:8888]/", "https://[2001:4860:4860::8888]/"),
    ],
)
def test_an_address_that_may_be_called_is_made_plain(url: str, plain: str) -> None:
    assert vetted(url, TOWN_HALL) == plain


def test_a_public_address_is_called_over_https_only_unless_it_is_allowed() -> None:
    with pytest.raises(CallForbidden, match="https only"):
        vetted("http://91.198.174.192/", NOTHING_PRIVATE)

    assert vetted("http://91.198.174.192/", Egress(public_http=True)) == "http://91.198.174.192/"


async def test_of_the_answers_of_dns_only_the_allowed_ones_are_given() -> None:
    async def mixed(_: str) -> list[str]:
        return ["192.168.1.1", "10.0.0.7", "fe80::1%eth0", "2001:4860:4860::8888"]

    resolver = VettingResolver(TOWN_HALL, encrypted=True, lookup=mixed)

    given = await resolver.resolve("waste.example.fr", 443)

    assert [answer["host"] for answer in given] == ["10.0.0.7", "2001:4860:4860::8888"]


async def test_a_public_name_is_not_called_in_clear() -> None:
    async def public(_: str) -> list[str]:
        return ["91.198.174.192"]

    resolver = VettingResolver(TOWN_HALL, encrypted=False, lookup=public)

    with pytest.raises(CallForbidden, match="https only"):
        await resolver.resolve("waste.example.fr", 80)
