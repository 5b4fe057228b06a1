"""What people really run: the names that each of more than two hundred scripts and command lines needs are found."""

from __future__ import annotations

import pytest

from tests.jobs.planning import corpus


@pytest.mark.parametrize(
    "case",
    [
        case
        for file in (
            "scripts",
            "held_out_scripts",
            "today_scripts",
            "outside_scripts",
            "outside_again_scripts",
            "asked",
        )
        for case in corpus.scripts(file)
    ],
    ids=lambda case: case.name,
)
def test_a_scripts_names_are_found_and_no_others(case: corpus.Case) -> None:
    assert case.judged() == (set(), set())


@pytest.mark.parametrize(
    "case",
    [
        case
        for file in ("commands", "held_out_commands", "today_commands", "outside_commands", "outside_again_commands")
        for case in corpus.command_lines(file)
    ],
    ids=lambda case: case.name,
)
def test_a_command_lines_names_are_found_and_no_others(case: corpus.Case) -> None:
    assert case.judged() == (set(), set())


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(corpus.scripts()) >= 120
    assert len(corpus.command_lines()) >= 100
