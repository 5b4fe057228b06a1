"""Logs in pieces: the right lines, bounded, and a place in them that stays valid."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from itertools import pairwise

import anyio
import pytest

from jobs.client.client import HubClient
from jobs.client.retry import Backoff
from jobs.client.transport import Limits
from jobs.errors import BadArgument, NotFound
from jobs.logs import reader
from jobs.logs.cursor import Cursor
from jobs.logs.matches import LINE_CHARS
from jobs.logs.reader import LogRequest
from jobs.masking.masker import Masker
from tests.jobs import fault_proxy as faults
from tests.jobs.conftest import ended

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def counted():
    """One job of 5,000 numbered lines for the tests that only read."""
    return {}


@pytest.fixture
async def long_job(hub, run, counted):
    if "id" not in counted:
        counted["id"] = (await run("seq -f 'line %.0f' 1 5000; echo 'ERROR: line 5001 failed' >&2")).id
    return await hub.inspect(counted["id"])


async def test_the_end_of_a_log_is_read_by_default_with_its_numbers(hub, long_job):
    piece = await reader.read(hub, long_job)
    assert len(piece.lines) == 100
    assert piece.lines[-1] == "ERROR: line 5001 failed"
    assert (piece.first_line, piece.total_lines) == (4902, 5001)
    assert piece.truncated
    assert piece.rest == {"lines": "4802-4901"}


async def test_a_short_log_comes_whole(hub, run):
    piece = await reader.read(hub, await run("echo one; echo two"))
    assert piece.lines == ("one", "two")
    assert (piece.first_line, piece.total_lines, piece.truncated, piece.rest) == (1, 2, False, None)


async def test_the_opening_line_of_the_hub_is_not_the_jobs(hub, run):
    piece = await reader.read(hub, await run("echo '===== Job started by me'"))
    assert piece.lines == ("===== Job started by me",)


async def test_a_job_that_said_nothing_has_an_empty_log(hub, run):
    piece = await reader.read(hub, await run("true"))
    assert (piece.lines, piece.total_lines, piece.truncated) == ((), 0, False)


@pytest.mark.parametrize("given", ["head:3", "1-3"])
async def test_the_beginning_is_read_on_request(hub, long_job, given):
    piece = await reader.read(hub, long_job, LogRequest.parse(given))
    assert piece.lines == ("line 1", "line 2", "line 3")
    assert piece.first_line == 1
    assert piece.truncated
    assert piece.rest == {"cursor": piece.cursor}


async def test_lines_can_be_counted_from_the_end(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest.parse("tail:200-198"))
    assert piece.lines == ("line 4802", "line 4803", "line 4804")
    assert (piece.first_line, piece.rest) == (4802, {"lines": "4799-4801"})


async def test_a_range_in_the_middle_is_read_by_number(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest.parse("2500-2502"))
    assert piece.lines == ("line 2500", "line 2501", "line 2502")
    assert piece.first_line == 2500


async def test_a_range_beyond_the_end_is_empty_and_knows_the_total(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest.parse("9000-9010"))
    assert (piece.lines, piece.total_lines, piece.truncated) == ((), 5001, False)


async def test_following_the_cursor_reads_every_line_once(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest.parse("head:700", max_bytes=reader.LARGEST_REPLY))
    lines = list(piece.lines)
    calls = 1
    while piece.truncated:
        piece = await reader.read(hub, long_job, LogRequest.parse(cursor=piece.cursor, max_bytes=reader.LARGEST_REPLY))
        lines += piece.lines
        calls += 1
    assert lines == [f"line {number}" for number in range(1, 5001)] + ["ERROR: line 5001 failed"]
    assert calls < 12


async def test_what_does_not_fit_is_said_and_can_be_had(hub, run):
    job = await run("for i in $(seq 1 300); do printf '%0100d\\n' $i; done")
    piece = await reader.read(hub, job, LogRequest.parse(200))
    assert piece.truncated
    assert piece.lines[-1].endswith("300")
    assert sum(len(json.dumps(line)) + 1 for line in piece.lines) <= reader.DEFAULT_BYTES
    before = await reader.read(hub, job, LogRequest.parse(piece.rest["lines"], max_bytes=reader.LARGEST_REPLY))
    first, last = map(int, piece.rest["lines"].split("-"))
    assert (int(before.lines[0]), last) == (first, int(piece.lines[0]) - 1)


async def test_no_request_gets_more_than_the_most(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest.parse(2000, max_bytes=10**9))
    assert sum(len(json.dumps(line)) + 1 for line in piece.lines) <= reader.LARGEST_REPLY


async def test_one_enormous_line_is_cut_and_counted(hub, run):
    job = await run("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after")
    piece = await reader.read(hub, job)
    assert piece.lines[-1] == "after"
    assert len(piece.lines[0]) < LINE_CHARS + 40
    assert re.search(r"\[\+\d+ characters\]$", piece.lines[0])


async def test_a_progress_bar_shows_its_last_state_and_escapes_are_gone(hub, run):
    job = await run("printf '10%%\\r55%%\\r100%%\\n\\033[31mred\\033[0m \\342\\200\\256abc\\n'")
    assert (await reader.read(hub, job)).lines == ("100%", "red abc")


async def test_bytes_that_are_no_text_are_shown_as_such(hub, run):
    piece = await reader.read(hub, await run("printf 'a\\000b\\377c\\n'; echo end"))
    assert piece.lines[-1] == "end"
    assert "\0" not in "".join(piece.lines)


async def test_words_are_found_in_either_case_with_numbers_and_neighbours(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest.parse(search="error: line"))
    assert piece.lines == ("5000- line 5000", "5001: ERROR: line 5001 failed")
    assert (piece.matches, piece.total_lines) == (1, 5001)


async def test_capitals_in_a_search_mean_exactly_those(hub, long_job):
    assert (await reader.read(hub, long_job, LogRequest.parse(search="Error"))).matches == 0


async def test_a_pattern_between_slashes_is_a_regular_expression(hub, long_job):
    piece = await reader.read(hub, long_job, LogRequest(search="/^line 1?77$/", context=0))
    assert piece.lines == ("77: line 77", "177: line 177")


async def test_matches_that_do_not_fit_are_continued_by_the_cursor(hub, long_job):
    seen = []
    request = LogRequest(search="/line \\d*7$/", context=0)
    while True:
        piece = await reader.read(hub, long_job, request)
        seen += [int(line.partition(":")[0]) for line in piece.lines]
        if not piece.truncated:
            break
        request = LogRequest(search=request.search, context=0, cursor=Cursor.parse(piece.rest["cursor"]))
    assert seen == list(range(7, 5001, 10))


async def test_a_search_can_be_told_where_to_look(hub, long_job):
    near_end = await reader.read(hub, long_job, LogRequest.parse(50, search="line 49"))
    assert near_end.matches == 48
    assert near_end.lines[0] == "-50: line 4952"
    first = await reader.read(hub, long_job, LogRequest.parse("head:20", search="line 1"))
    assert (first.matches, first.lines[0], first.truncated) == (11, "1: line 1", False)
    middle = await reader.read(hub, long_job, LogRequest.parse("700-720", search="line 71"))
    assert middle.lines[1] == "710: line 710"
    assert middle.matches == 10


async def test_errors_of_a_long_log_are_looked_for_near_its_end(hub, run):
    job = await run("echo Error: early; seq -f 'fine %.0f' 1 30000; echo Error: late; echo bye")
    piece = await reader.read(hub, job, LogRequest.parse("errors"))
    assert piece.lines == ("-3- fine 30000", "-2: Error: late", "-1- bye")
    assert piece.truncated


async def test_errors_far_from_the_end_are_found_when_there_are_no_others(hub, run):
    job = await run("echo Error: early; seq -f 'fine %.0f' 1 30000")
    piece = await reader.read(hub, job, LogRequest.parse("errors"))
    assert piece.lines == ("1: Error: early", "2- fine 1")
    assert piece.total_lines == 30001


async def test_errors_only_shows_the_newest_that_fit(hub, run):
    job = await run('for i in $(seq 1 400); do echo "ok $i"; echo "ValueError: number $i"; done; echo 0 errors')
    piece = await reader.read(hub, job, LogRequest.parse("errors"))
    assert piece.matches == 400
    assert piece.truncated
    assert piece.lines[-2] == "800: ValueError: number 400"
    assert sum(len(json.dumps(line)) + 1 for line in piece.lines) <= reader.DEFAULT_BYTES


async def test_an_expression_that_runs_away_elsewhere_is_answered(hub, run):
    job = await run("head -c 200000 /dev/zero | tr '\\0' a; echo b")
    with anyio.fail_after(10):
        piece = await reader.read(hub, job, LogRequest.parse(search="/^(a|a|aa)+(a|aa)+$/"))
    assert (piece.matches, piece.total_lines) == (0, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [("/(?<=a)b/", "Look-around"), (r"/(a)\1/", "referred"), ("/a{2000}/", "1,000"), ("/(unclosed/", "slashes")],
)
def test_an_expression_of_another_dialect_is_refused_with_a_hint(given, said):
    with pytest.raises(BadArgument) as refused:
        LogRequest.parse(search=given)
    assert said in refused.value.hint


LONG = "python3 -c \"print('p ' * {before} + 'ValueError: the quota is used up' + ' q' * {after}); print('bye')\""


@pytest.mark.parametrize("before", [3, 490, 510, 30_000, 50_000])
@pytest.mark.parametrize("search", ["quota is", "/qu[o]ta (is|was)/", None])
async def test_a_line_is_searched_whole_and_the_place_of_the_match_is_shown(hub, run, before, search):
    job = await run(LONG.format(before=before, after=40_000))
    request = LogRequest.parse(search=search) if search else LogRequest.parse("errors")
    piece = await reader.read(hub, job, request)
    assert (piece.matches, piece.total_lines) == (1, 2)
    shown = piece.lines[0]
    column = 2 * before + 1 + ("ValueError: the ".__len__() if search else 0)
    assert shown.startswith(f"1: [column {column}]")
    assert "ValueError: the quota is used up q" in shown
    hidden = re.search(r"\[\+(\d+) characters\]$", shown)
    assert int(hidden[1]) == 2 * before + 32 + 80_000 - LINE_CHARS
    assert len(shown) < LINE_CHARS + 80


async def test_what_a_progress_bar_drew_over_is_found_and_shown(hub, run):
    job = await run("printf 'loss 1\\rERROR: nan\\rloss 2\\n'")
    assert (await reader.read(hub, job, LogRequest.parse(search="nan"))).lines == ("1: ERROR: nan",)


async def test_the_characters_that_were_cut_are_counted_however_long_the_line(hub, run):
    job = await run("head -c 200004 /dev/zero | tr '\\0' x; echo")
    assert (await reader.read(hub, job)).lines == ("x" * LINE_CHARS + "… [+199004 characters]",)


async def test_a_search_sees_only_what_the_mask_leaves(hub, run):
    job = await run("echo key=hunter2secret; echo other")

    def mask(text: str) -> str:
        return text.replace("hunter2secret", "***KEY***")

    assert (await reader.read(hub, job, LogRequest.parse(search="hunter2"), mask=mask)).matches == 0
    assert (await reader.read(hub, job, LogRequest.parse(search="/hunter./"), mask=mask)).matches == 0
    assert (await reader.read(hub, job, mask=mask)).lines == ("key=***KEY***", "other")


async def test_a_running_jobs_log_returns_when_it_is_silent_and_goes_on_from_the_cursor(hub, run):
    command = "echo first; while [ ! -e go ]; do sleep 0.05; done; echo second; echo third"
    job = await run(f"cd $HF_JOB_WORKSPACE; {command}", wait=False)
    piece = reader.LogSlice(cursor=str(Cursor()))
    with anyio.fail_after(20):
        while "first" not in piece.lines:
            job = await hub.inspect(job.id)
            piece = await reader.read(hub, job)
    assert job.stage == "RUNNING"
    assert (await reader.read(hub, job, LogRequest.parse(cursor=piece.cursor))).lines == ()
    await hub.upload("local/jobs-artifacts", {f"{job.labels['hf-jobs-mcp']}/work/go": b"1"})
    job = await ended(hub, job)
    onward = await reader.read(hub, job, LogRequest.parse(cursor=piece.cursor))
    assert onward.lines == ("second", "third")
    assert onward.total_lines == 3


async def test_a_cursor_without_a_number_finds_its_place_in_a_long_log(hub, run):
    command = "seq -f 'early %.0f' 1 3000; while [ ! -e go ]; do sleep 0.05; done; seq -f 'late %.0f' 1 40"
    job = await run(f"cd $HF_JOB_WORKSPACE; {command}", wait=False)
    piece = reader.LogSlice()
    with anyio.fail_after(20):
        while "early 3000" not in piece.lines:
            job = await hub.inspect(job.id)
            piece = await reader.read(hub, job)
    place = replace(Cursor.parse(piece.cursor), number=None)
    assert place.stamp
    await hub.upload("local/jobs-artifacts", {f"{job.labels['hf-jobs-mcp']}/work/go": b"1"})
    job = await ended(hub, job)
    onward = await reader.read(hub, job, LogRequest(cursor=place))
    assert onward.lines == tuple(f"late {number}" for number in range(1, 41))


async def test_a_job_that_waits_has_no_log_yet_and_no_request_is_made(hub, run):
    job = await run("true")
    waiting = type(job)(id="nosuchjob", namespace="local", endpoint=hub.endpoint, status=type(job.status)("SCHEDULING"))
    piece = await reader.read(hub, waiting)
    assert (piece.lines, piece.cursor, piece.total_lines) == ((), "0", 0)


async def test_a_running_job_that_said_nothing_yet_has_no_number_of_lines(hub, run):
    job = await run("while [ ! -e $HF_JOB_WORKSPACE/go ]; do sleep 0.05; done", wait=False)
    with anyio.fail_after(20):
        while job.stage != "RUNNING":
            job = await hub.inspect(job.id)
    for request in (LogRequest(), LogRequest.parse(search="x"), LogRequest(cursor=Cursor())):
        piece = await reader.read(hub, job, request)
        assert (piece.lines, piece.total_lines) == ((), None)
        assert "yet" in piece.note
    await hub.cancel(job.id)
    await ended(hub, job)


@pytest.mark.parametrize("attempts", [3, 2])
async def test_attempts_are_told_apart(hub, run, attempts):
    job = await run("echo trying; seq 1 1500; exit 1", attempts=attempts)
    assert job.stage == "ERROR"
    for request in (LogRequest(tail=2000), LogRequest.parse(search="job started", cursor=None)):
        piece = await reader.read(hub, job, request)
        said = [line for line in piece.lines if "Job started" in line]
        for number, line in zip(range(attempts, 1, -1), reversed(said), strict=False):
            assert line.endswith(f"===== (attempt {number} of {attempts} began here)")
    assert len(said) == attempts - 1


async def test_the_number_of_lines_of_a_finished_log_is_counted_once(hub, hub_state, run):
    job = await run("seq 1 30000")
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        through = HubClient(proxy.endpoint, hub_state.token)
        calls = []
        for _ in range(2):
            assert (await reader.read(through, job)).total_lines == 30000
            calls.append(sum("/logs" in seen or seen == "logs" for seen in proxy.seen))
        await through.close()
    assert calls[1] - calls[0] == calls[0] - 1 > 0


async def test_the_log_of_a_job_that_is_not_there_is_not_found(hub, run):
    job = await run("true")
    gone = type(job)(id="nosuchjob", namespace="local", endpoint=hub.endpoint, status=job.status)
    with pytest.raises(NotFound):
        await reader.read(hub, gone)


@pytest.mark.parametrize("given", ["0", "-5", "abc", "5-2", "head", 10**9, "1-", "tail:5-9", "tail:9-0"])
async def test_lines_that_make_no_sense_are_refused(given):
    with pytest.raises(BadArgument) as refused:
        LogRequest.parse(given)
    assert refused.value.field == "lines"


@pytest.mark.parametrize("given", ["x", "abc", "5~1", "5~1~yesterday", "-1", "5~1~2026-11-21T21:18:28Z/../", "9" * 40])
def test_a_cursor_that_is_not_ours_is_refused(given):
    with pytest.raises(BadArgument) as refused:
        Cursor.parse(given)
    assert refused.value.field == "cursor"


def test_a_bad_pattern_is_refused_before_anything_is_read():
    with pytest.raises(BadArgument):
        LogRequest.parse(search="/(unclosed/")


@pytest.mark.parametrize("fault", [faults.CUT_IN_REPLY, faults.CUT_BEFORE_REQUEST])
@pytest.mark.parametrize("given", ["head:2000", "errors", None])
async def test_a_stream_that_breaks_is_taken_up_again_without_loss_or_repetition(
    hub, hub_state, long_job, fault, given
):
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        broken = HubClient(proxy.endpoint, hub_state.token, limits=Limits(read=5), backoff=Backoff(base=0.05))
        proxy.arm("logs", fault)
        through = await reader.read(broken, long_job, LogRequest.parse(given, max_bytes=reader.LARGEST_REPLY))
        await broken.close()
    straight = await reader.read(hub, long_job, LogRequest.parse(given, max_bytes=reader.LARGEST_REPLY))
    assert through == straight


async def test_the_last_lines_for_a_diagnosis_are_whole_and_in_order(hub, long_job):
    lines = await reader.last_lines(hub, long_job, 3)
    assert lines == ["line 4999", "line 5000", "ERROR: line 5001 failed"]
    numbers = [int(re.sub(r"\D", "", line)) for line in lines]
    assert all(b - a == 1 for a, b in pairwise(numbers))


@pytest.mark.parametrize("command", ["while :; do echo tick; sleep 0.02; done", "yes flood | head -n 30000000"])
async def test_the_log_of_a_job_that_never_falls_silent_comes_back_all_the_same(hub, run, command):
    job = await run(command, wait=False)
    with anyio.fail_after(30):
        while job.stage != "RUNNING":
            job = await hub.inspect(job.id)
        piece = await reader.read(hub, job)
    await hub.cancel(job.id)
    assert set(piece.lines) <= {"tick", "flood"}
    assert piece.cursor
    await ended(hub, job)


WRAPPED = base64.encodebytes(hashlib.sha512(b"a key").digest() * 6).decode()
KEY = "-----BEGIN KEY-----\n" + WRAPPED + "-----END KEY-----"


@pytest.fixture
async def leaky_job(hub, run):
    """A job that prints a key of several lines, wrapped, between other lines."""
    quoted = KEY.replace("\n", "\\n")
    return await run(f"seq 1 30; printf '%b\\n' '{quoted}'; seq 31 60; echo end")


@pytest.mark.parametrize("known", [KEY, WRAPPED.replace("\n", "")])
async def test_a_secret_wrapped_over_lines_is_masked_however_the_log_is_paged(hub, leaky_job, known):
    masker = Masker({"KEY": known})
    parts = [part for part in WRAPPED.splitlines() if len(part) > 20]
    requests = [LogRequest.parse(), LogRequest.parse(33), LogRequest.parse("head:34"), LogRequest.parse("35-37")]
    requests += [LogRequest.parse("tail:40-34"), LogRequest.parse(34), LogRequest.parse("33-36", search="=")]
    requests += [LogRequest.parse(search="/[A-Za-z0-9+]{30,}/"), LogRequest.parse(search="end")]
    for request in requests:
        shown = "\n".join((await reader.read(hub, leaky_job, request, mask=masker.mask)).lines)
        assert not [part for part in parts if part in shown], request
    assert not [
        part for part in parts if part in "".join(await reader.last_lines(hub, leaky_job, 34, mask=masker.mask))
    ]
    whole = await reader.read(hub, leaky_job, LogRequest.parse(200), mask=masker.mask)
    assert any("***KEY***" in line for line in whole.lines)
    assert [line for line in whole.lines if line.isdecimal()] == [str(number) for number in range(1, 61)]
    paged: list[str] = []
    piece = await reader.read(hub, leaky_job, LogRequest(head=5, max_bytes=256), mask=masker.mask)
    while True:
        paged += piece.lines
        if not piece.truncated:
            break
        following = LogRequest(cursor=Cursor.parse(piece.cursor), tail=3, max_bytes=256)
        piece = await reader.read(hub, leaky_job, following, mask=masker.mask)
    assert tuple(paged) == whole.lines
