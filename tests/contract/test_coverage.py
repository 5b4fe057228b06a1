"""Nothing the clients can do is left out unseen."""

from tests.contract import ledger, surface


def test_every_command_and_method_is_covered_or_listed_as_unsupported() -> None:
    assert ledger.uncovered({*surface.commands(), *surface.methods()}) == set()


def test_a_new_command_would_be_noticed() -> None:
    assert ledger.uncovered({"hf jobs teleport", "hf jobs run"}) == {"hf jobs teleport"}
    assert {"hf jobs run", "hf jobs uv run", "hf jobs scheduled uv run", "hf buckets sync"} <= set(surface.commands())
    assert {"run_job", "sync_bucket", "copy_files"} <= surface.methods()


def test_nothing_is_claimed_that_the_clients_do_not_have() -> None:
    assert ledger.unknown() == set()


def test_nothing_is_both_covered_and_unsupported() -> None:
    assert set(ledger.declared()) & set(ledger.UNSUPPORTED) == set()


def test_the_committed_table_is_what_the_suite_makes() -> None:
    assert ledger.TABLE.read_text() == ledger.table(), "run: python -m tests.contract.ledger"
