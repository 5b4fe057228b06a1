"""What people reach for on the pages: finding, schedules, reasons, logs, files, comparing. Nothing of it acts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.local_hub.pages.hub_of_many import HOSTILE, Many, fill, hub_of_many


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Many]:
    with hub_of_many(tmp_path_factory.mktemp("many")) as made:
        yield made


@pytest.fixture(scope="module")
def page(many: Many) -> Iterator[httpx2.Client]:
    with many.browser() as client:
        yield client


def listed(page: httpx2.Client, **query: str) -> list[str]:
    """The ids of the jobs that the list shows, in order."""
    return re.findall(
        r'href="/s/[\w-]+/jobs/local/([0-9a-f]{24})"', page.get("/", params=query).text.partition("Schedules")[0]
    )


def test_jobs_are_found_by_words_in_what_a_person_sees_of_them(many: Many, page: httpx2.Client) -> None:
    every = set(listed(page))
    assert every == {many.trained, many.failed, many.running, many.run}
    for words, found in [
        ("train", {many.trained, many.failed}),
        ("TRAIN MY_SECRET", {many.failed}),
        (many.run[:12], {many.run}),
        ("cpu-upgrade", {many.trained}),
        ("sleep 0.3", {many.running}),
        ("nosuchword", set()),
        ("blue", set()),
        ('{"command"', set()),
        ("%", set()),
        ("<script>", {many.trained, many.failed, many.run}),
        ("name=train", {many.trained, many.failed}),
        ("NAME=Watch", {many.running}),
        ("local name=nightly", {many.run}),
        ("namespace", set()),
        (" ".join(["train"] * 8) + " nosuchword", {many.trained, many.failed}),
    ]:
        assert set(listed(page, q=words)) == found, words
    assert set(listed(page, stage="ERROR")) == {many.failed}
    assert set(listed(page, stage="RUNNING", q="watch")) == {many.running}
    assert set(listed(page, stage="nosuch")) == every


def test_what_was_looked_for_stands_in_the_form_as_text(page: httpx2.Client) -> None:
    text = page.get("/", params={"q": f'"{HOSTILE}', "stage": "ERROR"}).text
    assert "<script>document" not in text
    assert html.escape(f'"{HOSTILE}') in text
    assert '<option value="ERROR" selected>' in text


def test_a_schedule_has_a_page_with_its_runs_and_next_times(many: Many, page: httpx2.Client) -> None:
    start = page.get("/").text
    (address,) = re.findall(rf'href="/s/[\w-]+(/schedules/local/{many.schedule})"', start)
    text = page.get(address).text
    moments = re.findall(r"<li><time datetime=\"([^\"]+)T00:00:00.000Z\"", text)
    assert len(moments) == 5
    assert moments == sorted(set(moments))
    for words in (f"/jobs/local/{many.run}", "@daily", "Active", "hf jobs scheduled suspend", "the next is left out"):
        assert words in text, words
    assert "<script>document" not in text
    assert f"/schedules/local/{many.schedule}" in page.get(f"/jobs/local/{many.run}").text
    assert page.get(f"/schedules/local/{'0' * 24}").status_code == 404
    assert page.get(f"/schedules/stranger/{many.schedule}").status_code == 404
    assert httpx2.get(many.ticket(many.schedule)).headers["location"].endswith(address)


def test_a_failed_job_says_why_and_every_job_what_it_costs(many: Many, page: httpx2.Client) -> None:
    failed = page.get(f"/jobs/local/{many.failed}").text
    for words in ("Why it failed", "Its log says: KeyError: &#x27;MISSING_NAME&#x27;", "an error of its own"):
        assert words in failed, words
    good = page.get(f"/jobs/local/{many.trained}").text
    assert "Why it failed" not in good
    assert re.search(r"Nothing here\. On Hugging Face less than \$0\.01, at most \$[\d.]+ \(\$0\.03 an hour\)", good)
    assert "never-on-a-page" not in failed + good


def test_the_whole_log_is_searched(many: Many, page: httpx2.Client) -> None:
    text = page.get(f"/jobs/local/{many.trained}/search", params={"q": "NEEDLE"}).text
    assert re.search(r">\s*42  needle in the log\n</pre>", text)
    assert "1 of " in text
    assert "None of" in page.get(f"/jobs/local/{many.trained}/search", params={"q": HOSTILE}).text
    many_found = page.get(f"/jobs/local/{many.trained}/search", params={"q": "step"}).text
    assert many_found.count(" loss ") == 40
    nothing = page.get(f"/jobs/local/{many.trained}/search")
    assert nothing.status_code == 303
    assert nothing.headers["location"].endswith(f"/jobs/local/{many.trained}")


@pytest.mark.parametrize(
    ("name", "shown", "kind"),
    [
        ("result.json", "  &quot;accuracy&quot;: 0.93,\n", "pre"),
        ("broken.json", "{&quot;a&quot;: ", "pre"),
        ("report.md", "[a link](javascript:alert(1))", "pre"),
        ("scores.csv", '<th scope="col">model</th>', "table"),
        ("steps.jsonl", "200 rows and more of steps.jsonl", "table"),
        ("big.txt", "The first 256.0 KiB of 390.6 KiB.", "pre"),
        ("curve.png", 'alt="The image curve.png"', "img"),
    ],
)
def test_a_file_is_shown_as_what_it_is_and_never_runs(
    many: Many, page: httpx2.Client, name: str, shown: str, kind: str
) -> None:
    listed_at = page.get(f"/jobs/local/{many.trained}").text
    (address,) = re.findall(rf'href="/s/[\w-]+(/jobs/local/[0-9a-f]+/view/0/{re.escape(name)})"', listed_at)
    answer = page.get(address)
    assert answer.status_code == 200
    assert shown in answer.text
    assert f"<{kind}" in answer.text
    assert "<script>document" not in answer.text
    assert '<a href="javascript' not in answer.text
    policy = answer.headers["content-security-policy"]
    assert ("img-src 'self'" in policy) == (kind == "img")
    assert "unsafe" not in policy
    if kind == "img":
        (source,) = re.findall(r'<img src="([^"]+)"', answer.text)
        picture = httpx2.get(f"{many.endpoint}{source}")
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["content-security-policy"].startswith("sandbox")


def test_what_cannot_be_shown_is_to_save_and_locks_come_last(many: Many, page: httpx2.Client) -> None:
    text = page.get(f"/jobs/local/{many.trained}").text
    for name in ("model.bin", "page.html"):
        assert f"/view/0/{name}" not in text
        assert f"/files/0/{name}" in text
        assert page.get(f"/jobs/local/{many.trained}/view/0/{name}").status_code == 404
    assert text.index("/files/0/uv.lock") > text.index("/files/0/steps.jsonl")
    for path in ("../two/prompt.md", "%2e%2e/two/prompt.md", "nosuch.md"):
        assert page.get(f"/jobs/local/{many.trained}/view/0/{path}").status_code == 404, path
    assert page.get(f"/jobs/local/{many.trained}/view/7/prompt.md").status_code == 404


def test_two_jobs_are_compared(many: Many, page: httpx2.Client) -> None:
    form = page.get(f"/jobs/local/{many.trained}").text
    first = re.findall(r'<option value="([0-9a-f]{24})"', form)[0]
    assert first == many.failed
    text = page.get("/compare", params={"a": many.trained, "b": many.failed}).text
    rows = {
        re.sub("<[^>]+>", "", row).strip(): row
        for row in re.findall(r'<tr class="differs">(.*?)</tr>', text, re.DOTALL)
    }
    changed = " ".join(rows)
    for words in ("Stage", "Command", "Secrets", "Flavor", "Variables that differ", "result.json"):
        assert words in changed, words
    assert "Image" not in changed
    assert "-step 3 loss 0.2500" in text
    assert "+needle too" in text
    assert "never-on-a-page" not in text
    assert "blue" not in text
    assert "<script>document" not in text
    for query in ({}, {"a": many.trained}, {"a": many.trained, "b": "0" * 24}, {"a": "<b>", "b": many.failed}):
        assert page.get("/compare", params=query).status_code == 404, query


def test_how_to_stop_and_change_is_shown_and_no_form_does_it(many: Many, page: httpx2.Client) -> None:
    assert f"hf jobs cancel --namespace=local {many.running}" in page.get(f"/jobs/local/{many.running}").text
    assert "hf jobs cancel" not in page.get(f"/jobs/local/{many.trained}").text
    addresses = ["/", f"/jobs/local/{many.running}", f"/schedules/local/{many.schedule}", "/compare"]
    for address in addresses:
        text = page.get(address, params={"a": many.trained, "b": many.failed}).text
        assert set(re.findall(r'<form[^>]* method="(\w+)"', text)) <= {"get"}
        for method in ("POST", "PUT", "DELETE"):
            assert page.request(method, address).status_code in {401, 405}, (method, address)


def test_every_page_is_for_a_browser_that_was_let_in_only(many: Many) -> None:
    for address in (
        f"/schedules/local/{many.schedule}", "/compare", f"/jobs/local/{many.trained}/search?q=a",
        f"/jobs/local/{many.trained}/view/0/result.json", "/?q=train",
    ):  # fmt: skip
        answer = httpx2.get(f"{many.endpoint}{address}")
        assert answer.status_code == 401, address
        assert "nightly" not in answer.text
    refused = httpx2.get(f"{many.endpoint}/schedules/local/{many.schedule}").text
    assert f"hub open {many.schedule}" in refused


def test_ten_thousand_jobs_are_read_a_page_at_a_time_and_the_oldest_is_found(many: Many, page: httpx2.Client) -> None:
    few = page.get("/").text
    fill(many, 10_000)
    seen: list[str] = []
    query: dict[str, str] = {}
    for _ in range(3):
        text = page.get("/", params=query).text
        seen += listed(page, **query)
        (found,) = re.findall(r'href="/s/[\w-]+/\?([^"]+)" rel="next"', text)
        query = dict(part.split("=") for part in html.unescape(found).split("&"))
    assert len(seen) == len(set(seen)) == 300
    assert (
        listed(page, q="old-1")
        == sorted((f"{n:024x}" for n in range(1, 10_001) if str(n).startswith("1")), reverse=True)[:100]
    )
    assert listed(page, q="old-7 000000000000000000000007") == [f"{7:024x}"]
    assert len(text) < 4 * len(few) + 120_000
