"""An agent that guesses: at no door is the beginning of a value told from a wrong guess.

Whoever chooses a text and sees it masked could find a value out character by character, if pieces of values that its
job has not were masked: from what everybody knows of it, such as a token's first letters.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.consent.attacks.conftest import VALUES, Arguments
from tests.consent.attacks.wire import Attacker, Stdio, made, outcome

pytestmark = pytest.mark.promise("S10")

NAME = "OTHER_KEY"
VALUE = VALUES[NAME]
KNOWN = 14
CODES = {
    "raw": str,
    "hex": lambda text: text.encode().hex(),
    "upper": str.upper,
    "reversed": lambda text: text[::-1],
}
RIGHT, WRONG = VALUE[: KNOWN + 1], VALUE[:KNOWN] + "~"


@pytest.fixture(scope="module")
def client(modern_line: Stdio) -> Attacker:
    return Attacker(modern_line, "modern", name="guesser")


def finished(client: Attacker, arguments: dict[str, Any]) -> str:
    reply = client.call("submit_job", arguments)
    if outcome(reply) == "asked":
        reply = client.tick_all(client.ask("submit_job", arguments))
    job = made(reply)
    client.call("job_status", {"job_id": job, "wait_seconds": 45})
    return job


def test_a_text_of_the_callers_is_masked_whole_or_not_at_all(client: Attacker, job: Arguments) -> None:
    for code in CODES.values():
        for guess in (code(RIGHT), code(WRONG)):
            shown = json.dumps(
                [
                    client.call("plan_secrets", {"models": [guess], "script": f"print({guess!r})"}),
                    client.call("submit_job", job(command=["echo", guess], secrets=[], dry_run=True)),
                    client.read(f"job://local/{guess}"),
                    client.reply(client.request("prompts/get", {"name": "run_an_agent", "arguments": {"task": guess}})),
                    client.reply(client.request(guess, {})),
                ]
            )
            assert "***" not in shown
            assert shown.count(guess) >= 4
    assert outcome(client.call("submit_job", job(command=["echo", VALUE], secrets=[]))) == "secret_in_argument"


def test_a_job_without_a_secret_learns_nothing_of_it_by_printing_guesses(client: Attacker, job: Arguments) -> None:
    guesses = [code(guess) for code in CODES.values() for guess in (RIGHT, WRONG)]
    code = f"open('/workspace/a.txt', 'w').write('\\n'.join({guesses!r}))\nprint('\\n'.join({guesses!r}))"
    made_by = finished(client, job(command=["python3", "-c", code], secrets=[]))
    replies = [
        client.call("fetch_results", {"job_id": made_by, **more})
        for more in ({}, {"lines": "head:5"}, {"lines": "3-4"}, {"artifacts": ["a.txt"]}, {"search": "/./"})
    ]
    replies += [client.read(f"job://local/{made_by}/{part}") for part in ("log", "artifacts/a.txt")]
    shown = json.dumps(replies)
    assert "***" not in shown
    assert all(shown.count(guess) >= 4 for guess in guesses)
    counts = [
        client.call("fetch_results", {"job_id": made_by, "search": each})["result"]["structuredContent"]["log"][
            "matches"
        ]
        for each in guesses
    ]
    assert all(counts)


def test_a_masked_name_of_a_file_is_not_found_by_a_pattern(client: Attacker, job: Arguments, home: Path) -> None:
    code = "import os\nv = os.environ['OTHER_KEY']\nopen('/workspace/o-' + v + '.txt', 'w').write('a')"
    made_by = finished(client, job(command=["python3", "-c", code], secrets=[NAME]))

    def files(*patterns: str) -> list[dict[str, Any]]:
        reply = client.call("fetch_results", {"job_id": made_by, "artifacts": list(patterns)})
        return list(reply["result"].get("structuredContent", {}).get("artifacts", []))

    (shown,) = files()
    assert shown["path"] == "o-***OTHER_KEY***.txt"
    for pattern in (
        f"o-{VALUE[:4]}*",
        f"*{VALUE[3:9]}*",
        f"o-{'?' * len(VALUE)}.txt",
        f"o-{VALUE}.txt",
        f"o-[{VALUE[0]}]*",
    ):
        assert files(pattern) == []
    assert [files(each)[0]["path"] for each in ("o-*", "*.txt", shown["id"], shown["path"])] == [shown["path"]] * 4
    complete = {
        "ref": {"type": "ref/resource", "uri": "job://{namespace}/{id}/artifacts/{+path}"},
        "argument": {"name": "path", "value": f"o-{VALUE[:3]}"},
        "context": {"arguments": {"namespace": "local", "id": made_by}},
    }
    assert client.reply(client.request("completion/complete", complete))["result"]["completion"]["values"] == []


def test_a_file_named_by_a_guess_tells_nothing_at_any_door(client: Attacker, job: Arguments) -> None:
    """A job of one's own may write files named by every beginning of its value: no masked one is found by a guess."""
    code = (
        "import os\nv = os.environ['OTHER_KEY']\n"
        "for n in range(6, len(v) + 1):\n    open('/workspace/' + v[:n], 'w').write('here')"
    )
    made_by = finished(client, job(command=["python3", "-c", code], secrets=[NAME]))
    reply = client.call("fetch_results", {"job_id": made_by, "artifacts": ["*"]})
    listed = {each["path"] for each in reply["result"]["structuredContent"]["artifacts"]}
    masked = [length for length in range(6, len(VALUE)) if VALUE[:length] not in listed]
    assert masked
    for length in masked:
        right, wrong = VALUE[:length], VALUE[: length - 1] + "~"
        told = [
            [client.read(f"job://local/{made_by}/artifacts/{guess}"),
             client.call("fetch_results", {"job_id": made_by, "artifacts": [guess]})]
            for guess in (right, wrong)
        ]  # fmt: skip
        assert all("error" in read for read, _ in told), length
        assert [each.pop("id") for replies in told for each in replies]
        assert json.dumps(told[0]).replace(right, "?") == json.dumps(told[1]).replace(wrong, "?"), length


@pytest.mark.promise("S9")
def test_a_value_in_what_names_a_job_is_not_sent(client: Attacker, job: Arguments) -> None:
    made_by = finished(client, job(secrets=[]))
    for tool, arguments in (
        ("job_status", {"job_id": VALUE}),
        ("job_status", {"job_id": [made_by, f"local/{VALUE}"]}),
        ("job_status", {"namespace": VALUE}),
        ("job_status", {"labels": {"key": VALUE}}),
        ("job_status", {"labels": {VALUE: "value"}}),
        ("fetch_results", {"job_id": made_by, "namespace": VALUE.encode().hex()}),
        ("manage_job", {"job_id": made_by, "action": "label", "labels": {"key": VALUE}}),
        ("manage_job", {"job_id": VALUE, "action": "rerun"}),
        ("manage_schedule", {"scheduled_job_id": VALUE, "action": "trigger"}),
    ):
        reply = client.call(tool, arguments)
        assert outcome(reply) == "secret_in_argument", arguments
        assert VALUE not in json.dumps(reply)
    assert client.read(f"job://{VALUE}/{made_by}")["error"]["data"]["code"] == "secret_in_argument"
    for pattern in (VALUE, f"out/{VALUE}/*.txt"):
        reply = client.call("fetch_results", {"job_id": made_by, "artifacts": [pattern]})
        assert outcome(reply) == "secret_in_argument", pattern
