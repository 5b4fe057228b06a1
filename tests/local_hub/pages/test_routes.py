"""The pages for people, asked for as a browser would."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest
from huggingface_hub import HfApi, Volume

from tests.hub_process import running_hub

HOSTILE = "\x1b[31m<script>alert(1)</script>\u202e&\x07"
CODE = f"""
import pathlib
print({HOSTILE!r})
pathlib.Path('/workspace/<img src=x>.html').write_text('<script>alert(2)</script>')
pathlib.Path('/workspace/link').symlink_to('/etc/passwd')
"""


@dataclass
class Site:
    endpoint: str
    token: str
    job_id: str

    @property
    def job(self) -> str:
        return f"/jobs/local/{self.job_id}"

    def ticket(self) -> str:
        answer = httpx2.post(f"{self.endpoint}/api/local/ticket", headers={"Authorization": f"Bearer {self.token}"})
        ticket: str = answer.raise_for_status().json()["ticket"]
        return ticket

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        entered = httpx2.get(f"{self.endpoint}/login", params={"ticket": self.ticket()})
        with httpx2.Client(base_url=f"{self.endpoint}{entered.headers['location']}") as client:
            yield client


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_hub(tmp_path_factory.mktemp("site")) as hub:
        api = HfApi(hub.endpoint, token=hub.token)
        api.create_bucket("local/jobs-artifacts", private=True)
        api.batch_bucket_files("local/jobs-artifacts", add=[(b"x", "w/prompt.md"), (b"other", "elsewhere/secret.txt")])
        job = api.run_job(
            image="python:3.12",
            command=["python", "-c", CODE],
            env={"COLOUR": "blue"},
            secrets={"MY_SECRET": "never-on-a-page"},
            labels={"name": "hostile-job"},
            volumes=[Volume(type="bucket", source="local/jobs-artifacts", mount_path="/workspace", path="w")],
        )
        api.create_scheduled_job(image="python:3.12", command=["true"], schedule="@daily", labels={"name": "nightly"})
        assert api.wait_for_job(job.id, timeout=30).status.stage == "COMPLETED"
        yield Site(hub.endpoint, hub.token, job.id)


def test_a_browser_without_a_session_is_told_what_to_run(site: Site) -> None:
    for path in ("/", site.job):
        answer = httpx2.get(site.endpoint + path)
        assert answer.status_code == 401
        assert "hf-jobs-mcp hub open" in answer.text
        assert "hostile-job" not in answer.text
    assert f"hf-jobs-mcp hub open {site.job_id}" in httpx2.get(site.endpoint + site.job).text


def test_no_part_of_a_job_is_shown_without_a_session(site: Site) -> None:
    for path in ("log", "log.txt", "metrics", "files/0/prompt.md"):
        assert httpx2.get(f"{site.endpoint}{site.job}/{path}").status_code == 401, path


def test_a_ticket_opens_a_session_once(site: Site) -> None:
    ticket = site.ticket()
    first = httpx2.get(f"{site.endpoint}/login", params={"ticket": ticket, "job": site.job_id})
    assert first.status_code == 303
    assert re.fullmatch(rf"/s/[\w-]{{40,}}{site.job}", first.headers["location"])
    assert "set-cookie" not in first.headers
    assert site.token not in first.headers["location"]
    again = httpx2.get(f"{site.endpoint}/login", params={"ticket": ticket})
    assert again.status_code == 401
    assert "location" not in again.headers


def test_a_made_up_or_ended_session_is_told_what_to_run(site: Site) -> None:
    for session in ("guess", "", site.token, "x" * 43):
        for path in ("/", site.job, f"{site.job}/log.txt"):
            answer = httpx2.get(f"{site.endpoint}/s/{session}{path}")
            assert answer.status_code == 401, (session, path)
            assert "hostile-job" not in answer.text


@pytest.mark.promise("S15")
def test_a_ticket_is_given_to_the_token_only(site: Site) -> None:
    assert httpx2.post(f"{site.endpoint}/api/local/ticket").status_code == 401
    with site.browser() as browser:
        assert browser.post("/api/local/ticket").status_code == 401


def test_a_login_leads_nowhere_but_to_a_page_of_this_hub(site: Site) -> None:
    for job in ("//evil.example", "https://evil.example", "../x", "0" * 24):
        answer = httpx2.get(f"{site.endpoint}/login", params={"ticket": site.ticket(), "job": job})
        assert re.fullmatch(r"/s/[\w-]+/", answer.headers["location"])


def test_a_session_changes_nothing_and_reads_no_api(site: Site) -> None:
    with site.browser() as browser:
        assert browser.get("/").status_code == 200
        for method, path in [
            ("GET", "/api/whoami-v2"),
            ("GET", "/api/jobs/local"),
            ("POST", f"/api/jobs/local/{site.job_id}/duplicate"),
            ("POST", f"/api/jobs/local/{site.job_id}/cancel"),
            ("DELETE", "/api/buckets/local/jobs-artifacts"),
            ("GET", "/buckets/local/jobs-artifacts/resolve/elsewhere/secret.txt"),
            ("POST", "/api/local-hub/stop"),
            ("POST", "/"),
        ]:
            assert browser.request(method, path).status_code == 401, path


@pytest.mark.promise("S15")
def test_another_origin_gets_nothing_even_with_a_session(site: Site) -> None:
    with site.browser() as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            assert browser.get("/", headers=headers).status_code == 403


def test_the_start_page_lists_jobs_and_schedules(site: Site) -> None:
    with site.browser() as browser:
        text = browser.get("/").text
    assert "hostile-job" in text
    assert re.search(rf'href="/s/[\w-]+{site.job}"', text)
    assert "nightly" in text
    assert "@daily" in text


def test_a_job_page_shows_status_timeline_log_artifacts_and_names_of_secrets(site: Site) -> None:
    with site.browser() as browser:
        text = browser.get(site.job).text
    for expected in ("Completed", "Timeline", "Started", "Job started at", "prompt.md", "MY_SECRET", "COLOUR"):
        assert expected in text, expected
    assert "never-on-a-page" not in text
    assert 'data-final="yes"' in text


def test_what_a_job_wrote_is_text_on_its_page(site: Site) -> None:
    with site.browser() as browser:
        text = browser.get(site.job).text
        plain = browser.get(f"{site.job}/log.txt")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "<img" not in text
    for unseen in ("\x1b", "\u202e", "\x07"):
        assert unseen not in text
        assert unseen not in plain.text
    assert plain.headers["content-type"].startswith("text/plain")
    assert "<script>alert(1)</script>&" in plain.text


def test_every_script_and_style_carries_the_nonce_of_a_strict_policy(site: Site) -> None:
    with site.browser() as browser:
        first, second = browser.get(site.job), browser.get(site.job)
    nonces = []
    for answer in (first, second):
        policy = answer.headers["content-security-policy"]
        nonces.append(re.findall(r"script-src 'nonce-([^']+)'", policy)[0])
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        tags = re.findall(r"<(?:script|link|style)[^>]*>", answer.text)
        assert len(tags) == 2
        assert all(f'nonce="{nonces[-1]}"' in one for one in tags)
        assert not re.search(r"\son\w+=|style=|javascript:", answer.text)
    assert nonces[0] != nonces[1]


def test_the_log_stream_ends_with_the_job_and_is_clean(site: Site) -> None:
    with site.browser() as browser:
        answer = browser.get(f"{site.job}/log")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "alert(1)" in answer.text
    assert "u001b" not in answer.text
    assert "u202e" not in answer.text
    assert answer.text.endswith("event: end\ndata: \n\n")


def test_artifacts_are_files_to_save_and_stay_inside_the_jobs_folder(site: Site) -> None:
    with site.browser() as browser:
        listed = browser.get(site.job).text
        link = re.findall(r'href="([^"]+\.html)"', listed)[0]
        answer = httpx2.get(f"{site.endpoint}{link}")
        assert answer.text == "<script>alert(2)</script>"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert ">link<" not in listed
        for path in ("link", "../elsewhere/secret.txt", "%2e%2e/elsewhere/secret.txt", "missing"):
            assert browser.get(f"{site.job}/files/0/{path}").status_code == 404, path
        assert browser.get(f"{site.job}/files/1/prompt.md").status_code == 404


def test_an_unknown_job_is_a_page_that_says_so(site: Site) -> None:
    with site.browser() as browser:
        answer = browser.get(f"/jobs/local/{'0' * 24}")
        assert answer.status_code == 404
        assert "no such job" in answer.text
        assert browser.get(f"/jobs/stranger/{site.job_id}").status_code == 404


def test_assets_are_served_and_nothing_else_of_their_folder(site: Site) -> None:
    assert httpx2.get(f"{site.endpoint}/assets/hub.css").headers["content-type"].startswith("text/css")
    assert httpx2.get(f"{site.endpoint}/assets/hub.js").status_code == 200
    assert httpx2.get(f"{site.endpoint}/assets/..%2fpages.py").status_code == 404


def test_a_job_shows_the_line_that_makes_it_again(site: Site) -> None:
    with site.browser() as browser:
        text = browser.get(site.job).text
    shown = html.unescape(text)
    assert "hf jobs run --detach --namespace=local " in shown
    for part in ("--env=COLOUR=blue", "--secrets=MY_SECRET", "--name=hostile-job", "jobs-artifacts/w:/workspace:rw"):
        assert part in shown
    assert "never-on-a-page" not in shown
