"""The pages in a real browser: they follow a running job, and nothing that it writes runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.browser import CHROMIUM, browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from huggingface_hub import HfApi, JobInfo

    from local_hub.process.state import HubState
    from tests.browser import Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

SCRIPT = """
echo '<img src=x onerror="document.title=1"><script>document.title=2</script>'
printf '\\033[31mred\\033[0m\\n'
while :; do echo tick; sleep 0.2; done
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as page:
        yield page


@pytest.fixture
def job(hub_api: HfApi) -> Iterator[JobInfo]:
    job = hub_api.run_job(
        image="python:3.12", command=["/bin/sh", "-c", SCRIPT], labels={"name": "seen"}, namespace="local"
    )
    yield job
    if hub_api.inspect_job(job_id=job.id, namespace="local").status.stage == "RUNNING":
        hub_api.cancel_job(job_id=job.id, namespace="local")


def test_a_running_job_is_followed_to_its_end(page: Browser, hub: HubState, hub_api: HfApi, job: JobInfo) -> None:
    answer = httpx2.post(f"{hub.endpoint}/api/local/ticket", headers={"Authorization": f"Bearer {hub.token}"})
    page.open(f"{hub.endpoint}/login?ticket={answer.json()['ticket']}&job={job.id}")
    page.wait_for(f"location.pathname === '/jobs/local/{job.id}'")
    page.wait_for("document.querySelector('#status .stage').textContent === 'Running'")
    ticks = "document.querySelector('#log').textContent.split('tick').length"
    few = page.wait_for(f"{ticks} > 2 && {ticks}")
    page.wait_for(f"{ticks} > {few} + 3")
    page.wait_for("!document.querySelector('#metrics').hidden")
    page.wait_for("document.querySelector('#memory strong').textContent.endsWith('MiB')")
    log = page.value("document.querySelector('#log').textContent")
    assert '<img src=x onerror="document.title=1"><script>document.title=2</script>\nred\n' in log
    assert page.value("document.querySelectorAll('#log *').length") == 0
    assert page.value("document.title").startswith("seen")
    hub_api.cancel_job(job_id=job.id, namespace="local")
    page.wait_for("document.querySelector('#status .stage').textContent === 'Canceled'")
    page.wait_for("document.body.dataset.final === 'yes'")
    assert page.problems == []
    assert page.value("document.cookie") == ""


def test_the_list_grows_by_itself(page: Browser, hub: HubState, hub_api: HfApi) -> None:
    answer = httpx2.post(f"{hub.endpoint}/api/local/ticket", headers={"Authorization": f"Bearer {hub.token}"})
    page.open(f"{hub.endpoint}/login?ticket={answer.json()['ticket']}")
    page.wait_for("location.pathname === '/' && document.querySelector('h1').textContent === 'Jobs'")
    hub_api.run_job(image="python:3.12", command=["true"], labels={"name": "appeared"}, namespace="local")
    page.wait_for("document.querySelector('#jobs').textContent.includes('appeared')")
    assert page.problems == []
