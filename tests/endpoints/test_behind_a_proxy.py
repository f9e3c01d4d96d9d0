"""Whose word is taken for how a request came in."""

from __future__ import annotations

import httpx
import pytest

from tests.installation import Node, install


@pytest.mark.parametrize(("proxies", "believed"), [("127.0.0.1", True), ("", False), ("10.9.8.7", False)])
def test_a_proxy_is_believed_only_when_it_is_named(tmp_path, proxies: str, believed: bool) -> None:
    town = install(tmp_path, HUB_PROXIES=proxies)
    town.init()
    node = Node(town).start()
    try:
        reply = httpx.get(f"{node.url}/admin/login", headers={"X-Forwarded-Proto": "https"}, trust_env=False, timeout=60)
    finally:
        node.kill()

    assert ("strict-transport-security" in reply.headers) is believed
