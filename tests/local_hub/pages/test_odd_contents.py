"""What jobs write on purpose or by mistake: logs and files of any size and form have pages that hold."""

from __future__ import annotations

import html
import re
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from huggingface_hub import HfApi, Volume

from local_hub.paths import HubPaths
from local_hub.runner.output import LEFT_OUT, LONGEST_LINE
from tests.hub_process import running_hub, short_home

UNSEEN = ("\u202e", "\x1b", "\x07", "\u200b", "\ufeff")
WRITES = r"""
import json, os, pathlib
w = pathlib.Path("/workspace")
def put(name, text):
    (w / name).write_text(text)
put("deep.json", "[" * 200000)
put("nested.json", "[" * 500 + "1" + "]" * 500)
put("wide.json", "[" + ",".join(["[" * 960 + "]" * 960] * 130) + "]")
put("unseen.json", '{"first\\u202e": "one\\u202etwo\\u001b[31m\\u200b\\ud800", "\\ufeffsecond": "caf\\u00e9"}')
put("twice.json", '{"same": "former", "same": "latter"}')
put("huge.json", '{"number": 1e999, "digits": ' + "9" * 5000 + "}")
put("unseen.jsonl", '{"first\\u202e": "one\\u202etwo\\ud800", "n": {"q": "\\u202e"}}\n' * 3)
put("lines.jsonl", '{"a": "one\u2028two"}\n{"a": "three"}\n')
put("nested.jsonl", '{"a": ' + "[" * 980 + "]" * 980 + "}\n")
put("unseen.csv", "first,second\n\"one\u202etwo\",\x1b[31mred\n")
put("unseen.txt", "one\u202etwo\x07")
put("odd\u202ename.txt", "odd")
put("new\nline.txt", "odd")
put("a?b#c%41 d.txt", "odd")
put("empty.json", "")
put("empty.csv", "")
os.close(os.open(b"/workspace/bytes\xff.txt", os.O_CREAT | os.O_WRONLY))
for number in range(20000):
    print("step", number)
"""
LONG = r"""
import sys
print("before")
print("start", "x" * (400 << 10), "NEE", end="")
print("DLE", "y" * (400 << 10), "end of it")
print("whole", "z" * (200 << 10))
print("after")
"""
LAST = r"""
print("before")
print("start", "x" * (900 << 10), "the end")
"""
MANY_LONG = r"""
for number in range(1200):
    print(number, "m" * 20000)
"""


CROWD = r"""
import pathlib
w = pathlib.Path("/workspace")
for folder, count in ((".cache", 700), ("many", 600)):
    (w / folder).mkdir()
    for number in range(count):
        (w / folder / f"{number:04}.txt").touch()
(w / "result.json").write_text("{}")
"""


class Site:
    """The hub's pages as a browser that was let in, and jobs by name."""

    def __init__(self, endpoint: str, token: str, paths: HubPaths) -> None:
        self.endpoint, self.token, self.paths = endpoint, token, paths
        api = HfApi(endpoint, token=token)
        api.create_bucket("local/odd", private=True)
        volume = Volume(type="bucket", source="local/odd", mount_path="/workspace", path="one")
        run = lambda code: api.run_job(image="x", command=["python", "-c", code], volumes=[volume]).id  # noqa: E731
        crowd = Volume(type="bucket", source="local/odd", mount_path="/workspace", path="crowd")
        tells = api.run_job(
            image="x", command=["sh", "-c", "echo $TOLD"], secrets={"TOLD": "value-told", "KEPT": "value-kept"}
        )
        self.jobs = {
            "tells": tells.id,
            "crowd": api.run_job(image="x", command=["python", "-c", CROWD], volumes=[crowd]).id,
            "writes": run(WRITES),
            "long": run(LONG),
            "last": run(LAST),
            "many": run(MANY_LONG),
        }
        for one in self.jobs.values():
            assert api.wait_for_job(one, timeout=60).status.stage == "COMPLETED"
        headers = {"Authorization": f"Bearer {token}"}
        ticket = httpx2.post(f"{endpoint}/api/local/ticket", headers=headers).json()["ticket"]
        self.session = httpx2.get(f"{endpoint}/login", params={"ticket": ticket}).headers["location"].rstrip("/")
        self.http = httpx2.Client(base_url=f"{endpoint}{self.session}", timeout=60)

    def get(self, job: str, rest: str = "", **query: str) -> str:
        answer = self.http.get(f"/jobs/local/{self.jobs[job]}{rest}", params=query)
        assert answer.status_code == 200, (job, rest)
        return answer.text

    def log(self, job: str) -> list[str]:
        """The lines in the log of a job's page."""
        (found,) = re.findall(r'<pre id="log"[^>]*>(.*?)</pre>', self.get(job), re.DOTALL)
        return html.unescape(found).splitlines()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with short_home() as home, running_hub(home) as hub:
        made = Site(hub.endpoint, hub.token, HubPaths.of(home))
        with made.http:
            yield made
        assert "Traceback" not in made.paths.log.read_text()


FILES = (
    "deep.json", "nested.json", "wide.json", "unseen.json", "twice.json", "huge.json", "unseen.jsonl", "lines.jsonl",
    "nested.jsonl", "unseen.csv", "unseen.txt", "odd\u202ename.txt", "new\nline.txt", "a?b#c%41 d.txt", "empty.json",
    "empty.csv", "bytes\\xff.txt",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES, ids=ascii)
def test_every_file_has_a_page_of_bounded_size_without_what_nobody_sees(site: Site, name: str) -> None:
    text = site.get("writes", f"/view/0/{quote(name)}")
    assert len(text) < 3 << 20
    assert not [one for one in UNSEEN if one in text]
    (title,) = re.findall("<title>([^<]*)</title>", text)
    assert len(title.splitlines()) == 1
    assert "\ud800" not in text


def test_every_file_is_on_the_page_of_its_job_and_can_be_saved(site: Site) -> None:
    text = site.get("writes")
    assert not [one for one in UNSEEN if one in text]
    links = [html.unescape(one) for one in re.findall(r'href="/s/[\w-]+(/jobs/local/[^"]*/files/0/[^"]*)"', text)]
    assert len(links) == len(FILES)
    for link in links:
        assert site.http.get(link).status_code == 200, link


def test_json_is_laid_out_with_its_escapes_as_letters_and_nothing_lost(site: Site) -> None:
    shown = html.unescape(site.get("writes", "/view/0/unseen.json"))
    assert '\n  "first": "onetwo' in shown
    assert '"second": "café"' in shown
    assert html.unescape(site.get("writes", "/view/0/nested.json")).count("[") >= 500
    twice = site.get("writes", "/view/0/twice.json")
    assert "former" in twice
    assert "latter" in twice
    assert "1e999" in site.get("writes", "/view/0/huge.json")


def test_a_table_of_json_lines_shows_letters_and_bounded_cells(site: Site) -> None:
    text = site.get("writes", "/view/0/unseen.jsonl")
    assert text.count("<td>onetwo") == 3
    assert '<th scope="col">first</th>' in text
    assert "2 rows" in site.get("writes", "/view/0/lines.jsonl")
    assert "too deep" in site.get("writes", "/view/0/nested.jsonl") or "[[[" in site.get(
        "writes", "/view/0/nested.jsonl"
    )


def test_a_long_line_is_cut_with_a_word_on_the_page(site: Site) -> None:
    lines = site.log("long")
    assert lines[-1] == "after"
    assert lines[-2].startswith("whole z")
    assert len(lines[-2]) == 6 + (200 << 10)
    assert LEFT_OUT in lines
    assert sum(map(len, lines)) < 3 * LONGEST_LINE


def test_a_last_line_that_is_longer_than_a_page_is_shown_in_part(site: Site) -> None:
    first, left_out, line = site.log("last")
    assert first.startswith("===== Job started")
    assert left_out == LEFT_OUT
    assert line.startswith("xxx")
    assert "left out" in line[-100:]
    assert len(line) < LONGEST_LINE + 200


def test_the_live_log_is_cut_as_the_page_is(site: Site) -> None:
    for job in ("long", "last", "many"):
        sent = site.get(job, "/log", tail="1000")
        assert len(sent) < 4 * LONGEST_LINE, job
        lines = [line for line in sent.split("\n") if line.startswith("data: ")]
        assert max(map(len, lines)) < LONGEST_LINE + 300
        assert sent.endswith("event: end\ndata: \n\n")


def test_the_end_of_a_log_of_long_lines_is_bounded_in_bytes(site: Site) -> None:
    lines = site.log("many")
    assert lines[1] == LEFT_OUT
    assert lines[-1].startswith("1199 m")
    assert 10 < len(lines) < 40


def test_the_whole_log_as_text_has_every_line_whole(site: Site) -> None:
    text = site.get("long", "/log.txt")
    lines = text.splitlines()
    assert [line[:6] for line in lines] == ["===== ", "before", "start ", "whole ", "after"]
    assert lines[2].endswith("y end of it")
    assert len(lines[2]) == len("start x NEEDLE y end of it") - 2 + 2 * (400 << 10)


def test_the_log_as_text_comes_in_blocks_not_in_lines(site: Site) -> None:
    parts = urlsplit(site.endpoint)
    path = f"{site.session}/jobs/local/{site.jobs['writes']}/log.txt"
    sent = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        while data := wire.recv(1 << 16):
            sent += data
    head, _, body = sent.partition(b"\r\n\r\n")
    assert b"chunked" in head
    assert body.count(b"step ") == 20_000
    assert len(re.findall(rb"(?:^|\r\n)[0-9a-f]+\r\n", body)) < 20


def test_a_search_finds_words_across_pieces_once_and_counts_lines_as_they_are(site: Site) -> None:
    text = site.get("long", "/search", q="needle")
    assert "1 of 5 lines" in text
    (found,) = re.findall(r"<pre[^>]*>(.*?)</pre>", text, re.DOTALL)
    assert found.startswith("      3  …")
    assert "NEEDLE" in found
    assert len(found) < 3000
    assert "      5  after" in site.get("long", "/search", q="AFTER")
    assert "1 of 5 lines" in site.get("long", "/search", q="x")
    assert "20000 of 20001 lines" in site.get("writes", "/search", q="STEP")


def test_the_pages_mask_nothing_that_a_job_printed_and_show_nothing_that_it_did_not(site: Site) -> None:
    """As SECURITY.md and docs/local-hub.md say."""
    text = site.get("tells")
    assert "value-told" in text
    assert "value-told" in site.get("tells", "/log.txt")
    assert "KEPT" in text
    assert "value-kept" not in text


def test_a_crowd_of_hidden_files_hides_no_result_and_a_cut_list_says_so(site: Site) -> None:
    text = site.get("crowd")
    assert text.count("/files/0/many/") == 500
    assert "/files/0/.cache/" not in text
    assert "There are more files than are listed here" in text
    assert "There are more files" not in site.get("writes")
