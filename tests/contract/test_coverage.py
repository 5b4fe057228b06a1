"""Nothing the clients can do is left out unseen."""

import pytest

from tests.contract import coverage_ledger, findings, surface


def test_every_command_and_method_is_covered_or_listed_as_unsupported() -> None:
    assert coverage_ledger.uncovered({*surface.commands(), *surface.methods()}) == set()


def test_a_new_command_would_be_noticed() -> None:
    assert coverage_ledger.uncovered({"hf jobs teleport", "hf jobs run"}) == {"hf jobs teleport"}
    assert {"hf jobs run", "hf jobs uv run", "hf jobs scheduled uv run", "hf buckets sync"} <= set(surface.commands())
    assert {"run_job", "sync_bucket", "copy_files"} <= surface.methods()


def test_nothing_is_claimed_that_the_clients_do_not_have() -> None:
    assert coverage_ledger.unknown() == set()


def test_nothing_is_both_covered_and_unsupported() -> None:
    assert set(coverage_ledger.declared()) & set(coverage_ledger.UNSUPPORTED) == set()


@pytest.mark.thorough
def test_the_committed_table_is_what_the_suite_makes() -> None:
    assert coverage_ledger.TABLE.read_text() == coverage_ledger.table(), "run: python -m tests.contract.coverage_ledger"


def test_every_point_that_was_found_is_held_by_a_test_that_is_there_or_has_a_reason() -> None:
    assert findings.missing() == []
    assert all(
        held.rpartition("::")[2].isidentifier() or held.endswith((".", "files")) for *_, held in findings.FINDINGS
    )
