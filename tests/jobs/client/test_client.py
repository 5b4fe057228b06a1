"""One hub, asked: what it says, and what each way it fails is called."""

from __future__ import annotations

import subprocess
import sys
import time

import anyio
import pytest

from jobs import errors
from jobs.client import error_map
from jobs.client.client import HubClient
from jobs.client.error_map import RequestContext
from jobs.client.retry import Backoff
from jobs.client.transport import Limits
from jobs.masking.masker import Masker
from tests.hub_process import ROOT
from tests.jobs import fault_proxy as faults
from tests.jobs.fault_proxy import refused_before

pytestmark = pytest.mark.anyio

ONCE = Backoff(attempts=1)


@pytest.fixture
async def behind(hub_state):
    """A hub behind a proxy that can be armed, without retries."""
    with faults.fault_proxy(hub_state.endpoint, delay=1.0) as proxy:
        hub = HubClient(proxy.endpoint, hub_state.token, backoff=ONCE, limits=Limits(connect=1.0, read=0.6, pool=1.0))
        yield proxy, hub
        await hub.close()


async def test_it_says_who_calls_and_what_there_is(hub):
    me = await hub.whoami()
    assert me.name == "local"
    assert me.namespaces == ("local", *me.orgs)
    flavors = {flavor.name: flavor for flavor in await hub.hardware()}
    assert flavors["cpu-basic"].unit_cost_usd > 0
    assert flavors["a10g-small"].accelerator.type == "gpu"


async def test_hardware_needs_no_token_and_jobs_do(hub_state):
    nobody = HubClient(hub_state.endpoint, None)
    with pytest.raises(errors.NoToken) as refused:
        await nobody.list_jobs("local")
    await nobody.close()
    assert "hf auth login" in refused.value.hint


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (400, errors.Unprocessable, "argument"),
        (401, errors.TokenRefused, "hub status"),
        (402, errors.PaymentRequired, "settings/billing"),
        (403, errors.Forbidden, "Read Jobs"),
        (404, errors.NotFound, "namespace/ID"),
        (409, errors.Conflict, "state"),
        (418, errors.HubError, None),
        (422, errors.Unprocessable, "argument"),
        (429, errors.RateLimited, "Wait"),
        (500, errors.HubBroken, "again"),
        (502, errors.HubBroken, "again"),
        (504, errors.HubTimeout, "again"),
        (301, errors.HubError, "HF_JOBS_MCP_HUB"),
    ],
)
async def test_each_status_has_an_error_of_its_own_and_a_hint(behind, status, error, hint):
    proxy, hub = behind
    proxy.arm("inspect", refused_before(status))
    with pytest.raises(error) as raised:
        await hub.inspect("687fb701029421ae5549d998", "local")
    assert type(raised.value) is error
    assert "687fb701029421ae5549d998" not in str(raised.value.as_dict())
    if hint:
        assert hint in raised.value.hint
    if status != 301:
        assert "the proxy says so" in raised.value.message


async def test_a_write_that_is_forbidden_names_the_permission_to_write(behind):
    proxy, hub = behind
    proxy.arm("write", refused_before(403))
    with pytest.raises(errors.Forbidden) as raised:
        await hub.cancel("687fb701029421ae5549d998", "local")
    assert "job.write" in raised.value.hint


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7", 7.0),
        ("Retry-After: 999999", 3600.0),
        ("Retry-After: nonsense", None),
        ('RateLimit: "api"; r=0; t=55', 55.0),
        ("X-Nothing: 1", None),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(behind, header, seconds):
    proxy, hub = behind
    proxy.arm("inspect", refused_before(429, header))
    with pytest.raises(errors.RateLimited) as raised:
        await hub.inspect("687fb701029421ae5549d998", "local")
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("fault", [faults.CUT_BEFORE_REQUEST, faults.CUT_IN_REPLY, faults.CUT_BEFORE_END])
async def test_a_cut_connection_is_a_hub_out_of_reach(behind, fault, run):
    proxy, hub = behind
    job = await run("true")
    proxy.arm("inspect", fault)
    with pytest.raises(errors.HubUnreachable):
        await hub.inspect(job.id, "local")


async def test_a_reply_that_is_late_is_a_timeout_and_one_that_is_garbled_a_broken_hub(behind, run):
    proxy, hub = behind
    job = await run("true")
    proxy.arm("inspect", faults.LATE_REPLY, faults.GARBLED_REPLY)
    with pytest.raises(errors.HubTimeout):
        await hub.inspect(job.id, "local")
    with pytest.raises(errors.HubBroken):
        await hub.inspect(job.id, "local")


async def test_reads_are_tried_again_until_they_succeed(hub_state, run):
    job = await run("true")
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        hub = HubClient(proxy.endpoint, hub_state.token, backoff=Backoff(attempts=5, base=0.02))
        proxy.arm("inspect", refused_before(500), faults.CUT_BEFORE_REQUEST, refused_before(429, "Retry-After: 0"))
        assert (await hub.inspect(job.id, "local")).id == job.id
        await hub.close()
    assert len(proxy.seen) == 4


async def test_a_wait_longer_than_patience_is_not_waited_for(hub_state):
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        hub = HubClient(proxy.endpoint, hub_state.token, backoff=Backoff(total=2.0))
        proxy.arm("inspect", refused_before(429, "Retry-After: 600"))
        started = time.monotonic()
        with pytest.raises(errors.RateLimited):
            await hub.inspect("687fb701029421ae5549d998", "local")
        await hub.close()
    assert time.monotonic() - started < 2.0
    assert len(proxy.seen) == 1


async def test_a_job_of_an_organisation_is_found_without_its_namespace(hub, run, hub_state):
    org = (await hub.whoami()).orgs[0]
    job = await run("true", namespace=org)
    fresh = HubClient(hub_state.endpoint, hub_state.token)
    found = await fresh.inspect(job.id)
    assert found.namespace == org
    assert (await fresh.inspect(f"{org}/{job.id}")).id == job.id
    with pytest.raises(errors.NotFound):
        await fresh.inspect(job.id, "local")
    await fresh.close()


@pytest.mark.parametrize("bad", ["../x", "a/b/c", "a b", "", "x?y=1", "id#", "..", "a%2fb", "ns/../id", "é", "a\n"])
async def test_no_id_reaches_a_url_unchecked(behind, bad):
    proxy, hub = behind
    for call in (hub.inspect, hub.cancel, hub.duplicate, hub.inspect_schedule, hub.delete_schedule, hub.run_schedule):
        with pytest.raises(errors.BadArgument):
            await call(bad)
    with pytest.raises(errors.BadArgument):
        await hub.list_jobs("../" + bad)
    with pytest.raises(errors.BadArgument):
        await hub.buckets.read("../x/y", "z", max_bytes=1)
    assert proxy.seen == []


@pytest.mark.parametrize(
    "endpoint",
    ["http://hub.example.com", "ftp://x", "huggingface.co", "https://user:pw@x.org", "https://x.org/?q=1", ""],
)
def test_an_address_that_is_none_or_would_leak_the_token_is_refused(endpoint):
    with pytest.raises(errors.BadArgument) as refused:
        HubClient(endpoint, "hf_secret")
    assert refused.value.field == "hub"
    assert "hf_secret" not in str(refused.value.as_dict())


def test_a_hub_shows_no_token():
    hub = HubClient("https://huggingface.co", "hf_secret_value")
    assert "hf_secret_value" not in f"{hub!r} {hub.wire!r} {hub}"


async def test_lists_are_filtered_by_stage_and_labels_and_bounded(hub, run):
    jobs = [await run("exit 1" if number == 2 else "true", labels={"batch": "lists"}) for number in range(3)]
    listed = await hub.list_jobs(labels={"batch": "lists"})
    assert {job.id for job in listed} == {job.id for job in jobs}
    assert [job.id for job in await hub.list_jobs(labels={"batch": "lists"}, stages=["error"])] == [jobs[2].id]
    assert len(await hub.list_jobs(labels={"batch": "lists"}, limit=2)) == 2


async def test_several_jobs_are_looked_at_side_by_side_and_a_bad_one_spoils_none(hub, run):
    job = await run("true")
    seen = await hub.inspect_many([job.id, "nosuchjob", f"local/{job.id}"])
    assert seen[job.id].id == seen[f"local/{job.id}"].id == job.id
    assert isinstance(seen["nosuchjob"], errors.NotFound)


async def test_labels_are_replaced(hub, run):
    job = await run("true", labels={"a": "1"})
    assert dict((await hub.set_labels(job.id, {"b": "2"})).labels) == {"b": "2"}


async def test_cancelling_stops_a_job(hub, run):
    job = await run("sleep 60", wait=False)
    await hub.cancel(job.id)
    assert (await hub.inspect(job.id)).stage in {"CANCELED", "RUNNING", "SCHEDULING"}


async def test_deleting_a_schedule_is_done_when_its_reply_is_lost(hub, hub_state):
    body = {"jobSpec": {"command": ["true"], "dockerImage": "x", "flavor": "cpu-basic"}, "schedule": "@yearly"}
    made = await hub.schedule("local", body)
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        broken = HubClient(proxy.endpoint, hub_state.token, backoff=Backoff(base=0.02))
        proxy.arm("write", faults.CUT_AFTER_REQUEST)
        await broken.delete_schedule(made.id, "local")
        await broken.close()
    with pytest.raises(errors.NotFound):
        await hub.inspect_schedule(made.id)
    with pytest.raises(errors.NotFound):
        await hub.delete_schedule(made.id)


async def test_schedules_are_suspended_resumed_and_moved(hub):
    body = {"jobSpec": {"command": ["true"], "dockerImage": "x", "flavor": "cpu-basic"}, "schedule": "@yearly"}
    made = await hub.schedule("local", body)
    await hub.suspend_schedule(made.id)
    assert (await hub.inspect_schedule(made.id)).suspend is True
    await hub.resume_schedule(made.id)
    assert (await hub.inspect_schedule(made.id)).suspend is False
    assert (await hub.reschedule(made.id, "0 9 * * 1")).schedule == "0 9 * * 1"
    assert dict((await hub.set_schedule_labels(made.id, {"a": "b"})).labels) == {"a": "b"}
    assert [one.id for one in await hub.list_schedules(labels={"a": "b"})] == [made.id]
    await hub.delete_schedule(made.id)


def test_the_room_is_cheap_to_enter():
    code = (
        "import sys, jobs.client.client, jobs.submit, jobs.logs.reader, jobs.results.artifacts, jobs.results.diagnosis, jobs.client.wait;"
        "print([name for name in ('huggingface_hub', 'hf_xet', 'regex', 'mcp') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.strip() == "[]"


async def test_prices_that_cannot_be_had_are_left_out_or_the_last_known(behind):
    proxy, hub = behind
    proxy.arm("hardware", refused_before(500))
    assert await hub.prices_at_hand() == ()
    known = await hub.prices_at_hand()
    assert known
    hub._hardware = (hub._hardware[0] - 10_000, known)
    proxy.arm("hardware", refused_before(500))
    assert await hub.prices_at_hand() == known


async def test_many_who_look_at_one_job_at_once_cost_two_requests(behind, run):
    proxy, hub = behind
    job = await run("true")
    proxy.seen.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(hub.inspect, job.id, "local")
    assert len([path for path in map(str, proxy.seen) if job.id in path]) == 2


async def test_what_a_hub_says_of_a_failure_is_masked_before_it_is_cut(behind):
    """A hub that repeats what it was sent: where the line is cut, no half of a value is left that nobody knows."""
    value = "correct horse 4411 battery-staple-9931-oscar"
    for before in range(200, 245):
        headers = {"x-error-message": "x" * before + value + " is no flavor"}
        asked = RequestContext("job", "https://huggingface.co", token=True, mask=Masker({"FOO_KEY": value}).mask)
        said = error_map.from_status(422, headers, b"", asked).message
        pieces = [value[at : at + 6] for at in range(len(value) - 5)]
        assert not any(piece in said for piece in pieces), before
