"""Texts that are made to take long, as a client sends them: each is answered in words, and no other call waits for it.

What is one step of a thread for Python keeps every other thread waiting: a call that comes meanwhile is answered when
it is over. So a text that took minutes there would be seen as a call that nobody answers; seconds pass on any machine.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.consent.attacks.wire import Attacker, Stdio, outcome

IMAGE = {"image": "python:3.12", "command": ["python", "/workspace/a.py"], "secrets": ["API_KEY"]}
SUBMITTED: dict[str, dict[str, Any]] = {
    "all variables": {**IMAGE, "files": {"a.py": "env|env|set|" * 3_000}},
    "decoded": {**IMAGE, "files": {"a.py": "b64decode()" * 9_000}},
    "dots": {**IMAGE, "files": {"a.py": "1"}, "env": {"MY_API_KEY": "." * 80_000 + "\nx"}},
    "counted": {"image": "python:3.12", "command": ["true", "KEY_" + "N_" * 50_000 + "=abcdefgh1"], "secrets": ["API_KEY"]},
    "header": {"script": "# /// script\n# " + "a." * 200_000 + "b=1\n# [tool.hf-jobs]\n# ///\n", "secrets": ["API_KEY"]},
    "deep header": {"script": "# /// script\n# x=" + "[" * 9_000 + "\n# [tool.hf-jobs]\n# ///\n", "secrets": ["API_KEY"]},
    "justfile": {"image": "python:3.12", "command": ["just", "x"], "files": {"justfile": "a" * 2_000 + "=" * 1_900}},
}  # fmt: skip
PLANNED: dict[str, dict[str, Any]] = {
    "deep names": {"script": "x=" + "a" + ".b" * 400},
    "deeper names": {"script": "x=" + "a" + ".b" * 1_900},
    "sums": {"script": "x=" + "a+" * 1_900 + "b"},
    "brackets": {"script": "(" * 900},
    "names": {"secrets": ["A" * 100 + str(number) for number in range(4_000)]},
    "variables": {"script": "import os\n" + "".join(f"os.environ['KEY_{number}']\n" for number in range(4_000))},
    "lists": {"command": ["task", "x"], "files": {"Taskfile.yml": "[" * 900}},
}
KNOWN = {"asked", "sent", "waits", "bad_argument", "secret_in_argument"}


@pytest.mark.promise("S6")
@pytest.mark.parametrize("name", SUBMITTED)
def test_a_slow_text_is_answered_and_keeps_no_other_call_waiting(modern_line: Stdio, name: str) -> None:
    attacker = Attacker(modern_line, "modern", name=f"slow {name}")
    slow = attacker.start("submit_job", SUBMITTED[name])
    assert outcome(attacker.call("list_hardware", {})) == "sent"
    assert outcome(attacker.reply(slow, 60)) in KNOWN


@pytest.mark.parametrize("name", PLANNED)
def test_a_text_that_is_too_deep_gets_an_answer_in_words(modern_line: Stdio, name: str) -> None:
    attacker = Attacker(modern_line, "modern", name=f"deep {name}")
    assert outcome(attacker.call("plan_secrets", PLANNED[name])) in KNOWN
