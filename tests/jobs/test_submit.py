"""Exactly once, whatever the network does. The short form of bench/faults.py."""

from __future__ import annotations

import hashlib
import traceback
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import pytest

from jobs import submit as submission
from jobs.client.client import HubClient
from jobs.client.retry import Backoff
from jobs.client.transport import Limits
from jobs.errors import Conflict, HubError, HubUnreachable, PaymentRequired, SpecChanged, SubmissionUnknown
from jobs.logs import reader
from jobs.secrets.secret_value import Secret
from jobs.spec.fields import JobRequest
from jobs.spec.spec import build
from jobs.spec.workspace import LABEL
from jobs.submit import RetryPolicy, new_idempotency_key, recover, rerun, schedule, submit, trigger
from tests.job_requests import requested
from tests.jobs import fault_proxy as faults
from tests.jobs.conftest import ended
from tests.jobs.fault_proxy import FaultProxy, refused_after, refused_before

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from local_hub.process.state import HubState

pytestmark = pytest.mark.anyio

HIDDEN = "a-hidden-value"
QUICK = RetryPolicy(reply=0.8, settle=3.0, sends=3, total=20.0)
BACKOFF = Backoff(attempts=4, base=0.05, cap=0.2, total=3.0)
ANSWERS = [make(status) for make in (refused_before, refused_after) for status in (500, 502, 503, 504)]
ANSWERS += [make(429, "Retry-After: 0") for make in (refused_before, refused_after)]


@pytest.fixture
def proxy(hub_state: HubState) -> Iterator[FaultProxy]:
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        yield proxy


@asynccontextmanager
async def behind(proxy: FaultProxy, token: str) -> AsyncIterator[HubClient]:
    hub = HubClient(proxy.endpoint, token, limits=Limits(connect=2.0, read=0.8, pool=2.0), backoff=BACKOFF)
    try:
        yield hub
    finally:
        await hub.close()


def noted(events):
    async def note(*event):
        events.append(event)

    return note


def a_spec(hub: HubClient, **more: object):
    return build(requested(command=("true",), image="python:3.12", **more), hub=hub.endpoint, namespace="local")


async def outcome(broken: HubClient, spec, label: str) -> str | None:
    """What a caller learns of a submission: its id, at once or by asking again later; None if there is none."""
    try:
        make = schedule if spec.schedule else submit
        return (await make(broken, spec, {}, label, policy=QUICK)).id
    except HubError:
        return None


@dataclass(frozen=True)
class Scenario:
    submits: tuple[str, ...]
    looks: tuple[str, ...] = ()
    scheduled: bool = False


SCENARIOS = [
    *(Scenario((fault,)) for fault in (*faults.CONNECTION_FAULTS, *ANSWERS)),
    *(Scenario((fault,), scheduled=True) for fault in (*faults.CONNECTION_FAULTS, refused_after(502))),
    *(
        Scenario((fault,), (look, look))
        for fault in (faults.CUT_AFTER_REQUEST, faults.CUT_IN_REPLY, refused_after(502))
        for look in (faults.CUT_BEFORE_REQUEST, faults.GARBLED_REPLY, refused_before(500))
    ),
]


@pytest.mark.timeout(120)
async def test_no_fault_while_submitting_makes_a_double_or_loses_an_id(hub, hub_state):
    wrong: list[str] = []
    side_by_side = anyio.CapacityLimiter(8)

    async def one(scenario: Scenario) -> None:
        async with side_by_side:
            made, told = await _met(scenario, hub, hub_state)
        if made != ([told] if told else []):
            wrong.append(f"{scenario}: made {made}, told {told}")

    async with anyio.create_task_group() as tasks:
        for scenario in SCENARIOS:
            tasks.start_soon(one, scenario)
    assert wrong == []


async def _met(scenario: Scenario, hub: HubClient, hub_state: HubState) -> tuple[list[str], str | None]:
    """What a submission that met these faults made, and what its caller was told or found by asking again."""
    label = new_idempotency_key()
    spec = a_spec(hub, schedule="@yearly", suspend=True) if scenario.scheduled else a_spec(hub)
    with faults.fault_proxy(hub_state.endpoint) as proxy:
        proxy.arm("submit", *scenario.submits)
        proxy.arm("look", *scenario.looks)
        async with behind(proxy, hub_state.token) as broken:
            told = await outcome(broken, spec, label)
        await anyio.to_thread.run_sync(proxy.settle)
    if told is None:
        found = await recover(hub, "local", label, scheduled=scenario.scheduled)
        told = found.id if found else None
    return await _made(hub, label, scheduled=scenario.scheduled), told


async def test_faults_in_every_send_still_make_one_job(hub, hub_state, proxy):
    label = new_idempotency_key()
    proxy.arm("submit", faults.CUT_BEFORE_REQUEST, refused_before(500), faults.CUT_AFTER_REQUEST)
    async with behind(proxy, hub_state.token) as broken:
        told = await outcome(broken, a_spec(hub), label)
    assert await _made(hub, label) == [told]


async def test_a_request_that_arrives_after_all_is_not_sent_again(hub, hub_state, proxy):
    label = new_idempotency_key()
    proxy.delay = 4.0
    proxy.arm("submit", faults.LATE_REQUEST)
    async with behind(proxy, hub_state.token) as broken:
        with pytest.raises(SubmissionUnknown) as unknown:
            await submit(broken, a_spec(hub), {}, label, policy=replace(QUICK, settle=1.0))
    assert label in (unknown.value.hint or "")
    await anyio.to_thread.run_sync(proxy.settle)
    assert len([line for line in proxy.seen if line.startswith("POST /api/jobs/")]) == 1
    found = await recover(hub, "local", label)
    assert found is not None
    assert [found.id] == await _made(hub, label)


async def test_of_two_jobs_with_one_label_the_first_is_kept_and_the_other_stopped(hub, hub_state, proxy):
    label = new_idempotency_key()
    spec = build(JobRequest(command=("sleep", "60"), image="python:3.12"), hub=hub.endpoint, namespace="local")
    body = {key: value for key, value in spec.body(label, {}).items() if key != "volumes"}
    first, second = await hub.submit("local", body), await hub.submit("local", body)
    proxy.arm("submit", refused_before(500))
    events = []
    async with behind(proxy, hub_state.token) as broken:
        job = await submit(broken, a_spec(hub), {}, label, policy=QUICK, on_event=noted(events))
    assert job.id == first.id
    assert events[2:] == [("removed", {"id": second.id}), ("found", {"id": first.id})]
    assert (await ended(hub, second)).stage == "CANCELED"
    assert (await hub.inspect(first.id)).stage in {"SCHEDULING", "RUNNING"}
    await hub.cancel(first.id)


async def test_a_request_that_arrives_after_its_repetition_is_taken_back(hub, hub_state, proxy):
    label = new_idempotency_key()
    spec = build(JobRequest(command=("sleep", "60"), image="python:3.12"), hub=hub.endpoint, namespace="local")
    proxy.arm("submit", faults.HELD_REQUEST, faults.REPLY_AFTER_HELD)
    patient = replace(QUICK, settle=0.3, reply=10.0)
    async with behind(proxy, hub_state.token) as broken:
        job = await submit(broken, spec, {}, label, policy=patient)
    others = [other for other in await hub.find_by_label("local", LABEL, label) if other.id != job.id]
    assert len(others) == 1
    assert (await ended(hub, others[0])).stage == "CANCELED"
    assert (await hub.inspect(job.id)).stage in {"SCHEDULING", "RUNNING"}
    await hub.cancel(job.id)


async def test_a_hub_that_is_not_there_is_unreachable_and_nothing_is_unclear(hub_state, hub):
    dead = HubClient("http://127.0.0.1:9", hub_state.token, limits=Limits(connect=0.5))
    events = []
    with pytest.raises(HubUnreachable):
        await submit(dead, a_spec(hub), {}, new_idempotency_key(), policy=QUICK, on_event=noted(events))
    await dead.close()
    assert events == []


async def test_a_refusal_is_reported_at_once_and_sent_once(hub, hub_state, proxy):
    proxy.arm("submit", refused_before(402))
    async with behind(proxy, hub_state.token) as broken:
        with pytest.raises(PaymentRequired):
            await submit(broken, a_spec(hub), {}, new_idempotency_key(), policy=QUICK)
    assert [line.split()[0] for line in proxy.seen if "/api/jobs/" in line] == ["POST"]


@pytest.mark.parametrize("step", ["bucket", "batch"])
@pytest.mark.parametrize("fault", [faults.CUT_AFTER_REQUEST, faults.CUT_IN_REPLY, refused_before(502)])
async def test_a_fault_while_uploading_does_not_stop_the_submission(hub, hub_state, proxy, step, fault):
    label = new_idempotency_key()
    request = JobRequest(command=("cat", "/workspace/a.txt"), image="python:3.12", files={"a.txt": "hello"})
    spec = build(request, hub=hub.endpoint, namespace="local")
    proxy.arm(step, fault)
    async with behind(proxy, hub_state.token) as broken:
        told = await outcome(broken, spec, label)
    assert await _made(hub, label) == [told]
    data = await hub.buckets.read("local/jobs-artifacts", f"{label}/inputs/a.txt", max_bytes=100)
    assert data == b"hello"


async def test_an_upload_that_fails_makes_no_job(hub, hub_state, proxy):
    label = new_idempotency_key()
    request = JobRequest(command=("true",), image="python:3.12", namespace="nobody-we-know")
    spec = build(request, hub=hub.endpoint, namespace="local")
    async with behind(proxy, hub_state.token) as broken:
        with pytest.raises(HubError):
            await submit(broken, spec, {}, label, policy=QUICK)
    assert [line for line in proxy.seen if "/api/jobs/" in line] == []


async def test_a_cancelled_call_still_notes_the_id_of_what_it_sent(hub, hub_state, proxy):
    label = new_idempotency_key()
    events: list[tuple[str, dict[str, str]]] = []
    proxy.delay = 0.5
    proxy.arm("submit", faults.LATE_REPLY)
    async with behind(proxy, hub_state.token) as broken:
        with anyio.move_on_after(0.2):
            await submit(broken, a_spec(hub), {}, label, on_event=noted(events))
    assert [fields["id"] for kind, fields in events if kind == "made"] == await _made(hub, label)


async def test_values_reach_the_job_and_nothing_but_the_approved_body_is_sent(hub, run):
    spec = build(
        JobRequest(
            command=("sh", "-c", 'printf %s "$MY_SECRET" | md5sum'), image="python:3.12", secrets=("MY_SECRET",)
        ),
        hub=hub.endpoint,
        namespace="local",
    )
    job = await submit(hub, spec, {"MY_SECRET": Secret("MY_SECRET", "a value")}, new_idempotency_key())
    assert job.secrets == ("MY_SECRET",)
    printed = (await reader.read(hub, await ended(hub, job))).lines[0]
    assert printed.split()[0] == hashlib.md5(b"a value").hexdigest()
    with pytest.raises(SpecChanged):
        await submit(hub, spec.without(["MY_SECRET"]), {"MY_SECRET": Secret("MY_SECRET", "v")}, new_idempotency_key())


async def test_a_rerun_is_found_when_its_reply_is_lost(hub, hub_state, proxy):
    first = await ended(hub, await submit(hub, a_spec(hub), {}, new_idempotency_key()))
    proxy.arm("write", faults.CUT_AFTER_REQUEST)
    async with behind(proxy, hub_state.token) as broken:
        again = await rerun(broken, first, policy=QUICK)
    assert again.id != first.id
    assert again.initiator is not None
    assert again.initiator.id == first.id


async def test_a_rerun_that_may_be_under_way_is_not_sent_again(hub, hub_state, proxy):
    first = await ended(hub, await submit(hub, a_spec(hub), {}, new_idempotency_key()))
    proxy.arm("write", faults.CUT_BEFORE_REQUEST)
    async with behind(proxy, hub_state.token) as broken:
        with pytest.raises(SubmissionUnknown):
            await rerun(broken, first, policy=replace(QUICK, settle=0.5))
    assert len([line for line in proxy.seen if "duplicate" in line]) == 1


async def test_a_triggered_run_is_found_when_its_reply_is_lost(hub, hub_state, proxy):
    made = await schedule(hub, a_spec(hub, schedule="@yearly"), {}, new_idempotency_key())
    proxy.arm("write", faults.CUT_IN_REPLY)
    async with behind(proxy, hub_state.token) as broken:
        job = await trigger(broken, made, policy=QUICK)
    assert job.initiator is not None
    assert job.initiator.id == made.id


async def test_a_second_run_while_one_runs_is_a_conflict(hub):
    spec = build(
        requested(command=("sleep", "30"), image="python:3.12", schedule="@yearly"),
        hub=hub.endpoint,
        namespace="local",
    )
    made = await schedule(hub, spec, {}, new_idempotency_key())
    job = await trigger(hub, made)
    with pytest.raises(Conflict):
        await trigger(hub, made)
    await hub.cancel(job.id)


def test_no_two_submissions_share_a_label():
    assert len({submission.new_idempotency_key() for _ in range(1000)}) == 1000


async def _made(hub: HubClient, label: str, *, scheduled: bool = False) -> list[str]:
    if scheduled:
        return [made.id for made in await hub.list_schedules("local", labels={LABEL: label})]
    return [job.id for job in await hub.find_by_label("local", LABEL, label)]


async def test_an_error_of_a_submission_holds_no_value_anywhere(hub, hub_state, proxy):
    request = JobRequest(command=("true",), image="python:3.12", secrets=("MY_SECRET",))
    spec = build(request, hub=hub.endpoint, namespace="local")
    proxy.arm("submit", *[refused_before(402)] * 3)
    async with behind(proxy, hub_state.token) as broken:
        with pytest.raises(PaymentRequired) as refused:
            await submit(broken, spec, {"MY_SECRET": Secret("MY_SECRET", HIDDEN)}, new_idempotency_key())
    proxy.arm("submit", *[faults.CUT_BEFORE_REQUEST] * 9)
    async with behind(proxy, hub_state.token) as broken:
        with pytest.raises(HubUnreachable) as cut:
            await submit(
                broken,
                spec,
                {"MY_SECRET": Secret("MY_SECRET", HIDDEN)},
                new_idempotency_key(),
                policy=replace(QUICK, settle=0.3),
            )
    for error in (refused.value, cut.value):
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert HIDDEN not in shown
