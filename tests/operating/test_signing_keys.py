"""A key that signs, from the command that issues it to the message that it proves, on a node that runs."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import httpx

from hub.transports.webhooks import secret_in, signature
from tests.endpoints.doors import bin_request
from tests.installation import Node, install

SCOPE = "send:bin-replacement"


def test_an_application_is_given_a_secret_and_signs_with_it(tmp_path: Path) -> None:
    town = install(tmp_path)
    town.init()
    node = Node(town).start()
    try:
        known = {"HUB_URL": node.url, "HUB_ADMIN_KEY": town.admin_key}
        body, at = json.dumps(bin_request()).encode(), str(int(time.time()))

        wide = town.hub("keys", "issue", "portal", "--hmac", **known)
        shown = town.hub("keys", "issue", "portal", "--hmac", "--scope", SCOPE, **known).stdout
        [key], [secret] = re.findall(r"X-Hub-Key: ([0-9a-f]{12})", shown), re.findall(r"whsec_\S+", shown)
        signed = {
            "Content-Type": "application/json",
            "X-Hub-Key": key,
            "webhook-id": "msg_1",
            "webhook-timestamp": at,
            "webhook-signature": signature(secret_in(secret), id="msg_1", timestamp=at, body=body),
        }
        url = f"{node.url}/api/v1/exchanges/bin-replacement/messages"
        answers = [httpx.post(url, content=body, headers=signed, trust_env=False, timeout=60) for _ in range(2)]
    finally:
        node.kill()

    assert wide.returncode != 0 and "one exchange" in wide.stdout + wide.stderr
    assert "hub_" not in shown
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].json()["duplicate"]
    assert secret not in node.log() and key in shown
