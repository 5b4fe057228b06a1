"""What the official guides show works on the local hub, or ends as its table says and for the reason given there."""

from pathlib import Path

import pytest

from tests.contract import examples

pytestmark = pytest.mark.timeout(600)


def test_every_official_example_ends_as_the_table_says(runner: str, tmp_path: Path) -> None:
    found = examples.verdicts(tmp_path, runner=runner)
    assert [f"{one.text}: {said}" for one, said in found.items() if said.startswith(examples.UNEXPLAINED)] == []
    assert len(found) > 200
    assert examples.TABLE.read_text() == examples.table(found), "run: python -m tests.contract.examples"


def test_an_example_that_ends_otherwise_is_noticed() -> None:
    plain = examples.Example("hf jobs hardware", "")
    refused = examples.Example("hf jobs ssh <job_id>", "")
    for one, status, said in ((plain, 1, "no"), (refused, 0, "SSH"), (refused, 1, "another reason")):
        assert one.verdict({"status": status, "out": said, "err": ""}).startswith(examples.UNEXPLAINED)
