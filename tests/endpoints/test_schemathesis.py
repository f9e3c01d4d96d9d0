"""Requests made from the OpenAPI document, good and bad: no server error, and every answer is as the document says.

`make contract-examples` makes ten thousand.
"""

from __future__ import annotations

from pathlib import Path

from tests.endpoints.contract_examples import run


def test_hundreds_of_requests_made_from_the_document_get_the_answers_that_it_promises(tmp_path: Path) -> None:
    tally, _ = run(tmp_path, 250, thorough=False)

    assert tally.examples >= 200
    assert (dict(tally.server_errors), dict(tally.mismatches)) == ({}, {}), tally.first
    answered = {status.rpartition(" ")[2] for status in tally.statuses}
    assert {"200", "202", "404", "422"} <= answered, "it is not refusals alone"
