"""No promise without a test, no test for a promise that nobody made, and SECURITY.md says which is which."""

from __future__ import annotations

from tests import promises


def test_no_promise_is_without_a_test() -> None:
    assert [promise for promise in promises.promised() if not promises.held().get(promise)] == []


def test_no_test_holds_a_promise_that_nobody_made() -> None:
    assert set(promises.held()) <= set(promises.promised())


def test_each_promise_is_made_once() -> None:
    made = promises.promised()
    assert made
    assert len(made) == len(set(made))


def test_the_document_lists_the_tests_that_there_are() -> None:
    _, _, listed = promises.DOCUMENT.read_text().partition(promises.HEADING)
    assert listed == promises.listed(), "run: python tests/promises.py"
