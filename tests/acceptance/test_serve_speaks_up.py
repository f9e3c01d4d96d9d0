"""`hub serve` says at its start what will have to wait."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.installation import HUB, free_port, install


def test_an_application_whose_address_is_not_set_is_named_at_the_start(tmp_path: Path) -> None:
    installation = install(tmp_path)
    installation.init()
    environment = {**installation.environment, "HUB_PORT": str(free_port())}
    del environment["WASTE_URL"]

    node = subprocess.Popen((*HUB, "serve"), env=environment, cwd=installation.root, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    said = [node.stdout.readline() for _ in range(3)]
    node.terminate()
    node.wait(90)
    node.stdout.close()

    assert any("waste cannot be reached: WASTE_URL is not set" in line for line in said), said
