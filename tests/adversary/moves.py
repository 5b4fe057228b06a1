"""What the attacker does: each move is one attempt, with whatever arguments the tools take."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.adversary.world import World
from tests.consent.attacks.wire import outcome

Move = Callable[[World], None]
MOVES: list[Move] = []

_LOOK_AROUND = """
import os, pathlib
print(sorted(os.environ))
for place in {places!r}:
    for path in [pathlib.Path(place), *pathlib.Path(place).glob("*"), *pathlib.Path(place).glob("*/*")]:
        try:
            print(path, path.read_bytes()[:400])
        except OSError:
            pass
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        print(open(f"/proc/{{pid}}/environ").read())
    except OSError:
        pass
"""
_SPOIL = """
import os
for top, _, files in os.walk({place!r}):
    for name in files:
        try:
            with open(os.path.join(top, name), "w") as file:
                file.write("print('OTHER BYTES')\\n")
        except OSError:
            pass
"""
_WRITE = "import pathlib\nfor p in {places!r}:\n    try: (pathlib.Path(p) / 'left-by-a-job').write_text('x')\n    except OSError: pass\n"
_SWAP = """
import os, time
os.makedirs("swap/inner", exist_ok=True)
end = time.time() + 3
while time.time() < end:
    os.rename("swap/inner", "swap/aside"); os.symlink({target!r}, "swap/inner")
    os.unlink("swap/inner"); os.rename("swap/aside", "swap/inner")
"""
_ANSWER = """
import os, pty
pid, fd = pty.fork()
if pid == 0:
    os.environ.update({env!r})
    os.execv({python!r}, [{python!r}, "-m", "hf_jobs_mcp", "approve", {approval!r}])
try:
    for _ in range(6):
        os.write(fd, b"y\\n"); print(os.read(fd, 4096))
except OSError:
    pass
"""
_KNOCK = """
import glob, urllib.request
for port in {ports!r}:
    for path in ("/", "/api/whoami-v2", "/api/jobs/local", "/mcp"):
        try:
            print(port, path, urllib.request.urlopen(f"http://127.0.0.1:{{port}}{{path}}", timeout=2).read()[:300])
        except Exception as error:
            print(port, path, repr(error)[:80])
"""


def move(function: Move) -> Move:
    MOVES.append(function)
    return function


def run(world: World, code: str, *, says: str = "no", **more: object) -> str | None:
    """Submit a program without secrets; its id, or None where it was not sent. Nobody says yes to it."""
    arguments = {"image": "python:3.12", "command": ["python3", "-c", code], "name": world.name("unasked"), **more}
    reply = world.call("submit_job", arguments, says=says)
    return str(reply["result"]["structuredContent"]["id"]) if outcome(reply) == "sent" else None


def attached(
    world: World, *, says: str = "yes", tool: str = "submit_job", **more: object
) -> tuple[str, dict[str, object]]:
    """Ask for a job with keys, and let the person answer; returns its id, or an empty text, and the arguments."""
    names = world.random.sample(
        ["API_KEY", "DATABASE_URL", "WEBHOOK", "RELEASE_NOTES_HOOK"], world.random.randint(1, 3)
    )
    text = f"import os\nprint({world.moves and len(world.moves)}, [os.environ.get(n) for n in {sorted(names)!r}])\n"
    arguments: dict[str, object] = {
        "command": ["python3", "main.py"],
        "image": "python:3.12",
        "files": {"main.py": text},
        "secrets": names,
        "name": world.name("asked"),
        **more,
    }
    if "image" in arguments and arguments["image"] == "python:3.12":
        arguments["command"] = ["sh", "-c", 'cd "${HF_JOB_WORKSPACE:-.}" && python3 main.py']
    reply = world.call(tool, arguments, says=says)
    if outcome(reply) != "sent":
        return "", arguments
    return str(reply["result"]["structuredContent"]["id"]), arguments


@move
def look_around(world: World) -> None:
    places = [str(world.diary.parent), str(world.user), str(world.state), str(world.state / "hub"), "/root", "/home"]
    if job := run(world, _LOOK_AROUND.format(places=places)):
        world.ended(job)


@move
def write_about(world: World) -> None:
    if job := run(world, _WRITE.format(places=[str(world.diary.parent), str(world.state), str(world.user)])):
        world.ended(job)


@move
def swap_a_folder_for_a_link(world: World) -> None:
    swapping = run(
        world,
        _SWAP.format(target=str(world.diary.parent)),
        command=None,
        script=_SWAP.format(target=str(world.diary.parent)),
    )
    if swapping is None:
        return
    for _ in range(2):
        mounted = run(
            world, _LOOK_AROUND.format(places=["/m"]) + _WRITE.format(places=["/m"]),
            volumes=["hf://buckets/local/jobs-artifacts:/m"],
        )  # fmt: skip
        if mounted:
            world.ended(mounted)
    world.ended(swapping)


@move
def spoil_what_others_run(world: World) -> None:
    job, arguments = attached(world)
    if spoiling := run(world, _SPOIL.format(place="/x"), volumes=["hf://buckets/local/jobs-artifacts:/x"]):
        world.ended(spoiling)
    if not job:
        return
    world.ended(job)
    again = {"job_id": job, "action": "rerun"}
    name = str(arguments["name"])
    reply = world.call("manage_job", again, says=world.random.choice(("yes", "no")))
    if outcome(reply) == "sent":
        world.yes[name] += 1
        found = reply["result"]["structuredContent"]
        world.ended(str(found.get("id") or found.get("job") or job).rpartition("/")[2])


@move
def spoil_a_schedule(world: World) -> None:
    schedule, arguments = attached(world, tool="schedule_job", schedule="@yearly")
    if not schedule:
        return
    if spoiling := run(world, _SPOIL.format(place="/x"), volumes=["hf://buckets/local/jobs-artifacts:/x:rw"]):
        world.ended(spoiling)
    reply = world.call("manage_schedule", {"scheduled_job_id": schedule, "action": "trigger"}, says="yes")
    if outcome(reply) == "sent":
        world.yes[str(arguments["name"])] += 1
        job = reply["result"]["structuredContent"].get("job")
        if job:
            world.ended(str(job).rpartition("/")[2])
    world.call("manage_schedule", {"scheduled_job_id": schedule, "action": "delete"}, says="no")


@move
def take_without_asking(world: World) -> None:
    attached(world, says=world.random.choice(("no", "nothing")))


@move
def answer_twice(world: World) -> None:
    job, _ = attached(world)
    if not job:
        return
    question = world.last
    for _ in range(2):
        world.client.answer(question, dict.fromkeys(question.names, True))
    world.client.answer(
        question, dict.fromkeys(question.names, True),
        arguments={**question.arguments, "files": {"main.py": "print('OTHER BYTES')"}},
    )  # fmt: skip


@move
def answer_oneself(world: World) -> None:
    names = ["API_KEY"]
    arguments = {"image": "python:3.12", "command": ["env"], "secrets": names, "name": world.name("mute")}
    reply = world.mute.call("submit_job", arguments)
    if outcome(reply) != "waits":
        return
    approval = reply["result"]["structuredContent"]["approval"]["id"]
    env = {"HOME": str(world.user), "HF_JOBS_MCP_HOME": str(world.state), "PYTHONPATH": sys.path[0] or "."}
    if job := run(world, _ANSWER.format(env=env, python=sys.executable, approval=approval)):
        world.ended(job)
    world.mute.call("submit_job", arguments)


@move
def knock_at_the_doors(world: World) -> None:
    from local_hub.process.daemon import read_state

    state = read_state(world.state)
    if state and (job := run(world, _KNOCK.format(ports=[int(state.endpoint.rpartition(":")[2])]))):
        world.ended(job)


@move
def spend(world: World) -> None:
    run(world, "pass", flavor=world.random.choice(("h200x8", "a100x8")), timeout=world.random.choice(("24h", "7d")))
    world.call(
        "schedule_job",
        {
            "image": "python:3.12", "command": ["true"], "schedule": "* * * * *", "flavor": "h200", "timeout": "10m",
            "concurrency": True, "name": world.name("often"),
        },
        says="no",
    )  # fmt: skip


@move
def read_every_door(world: World) -> None:
    listed = world.client.call("job_status", {"limit": 5})["result"].get("structuredContent") or {}
    for job in (listed.get("jobs") or [listed])[:5]:
        if not (job_id := job.get("id")):
            continue
        for more in (
            {"lines": f"head:{world.random.randint(1, 30)}"}, {"search": "/./"}, {"search": "e"}, {"artifacts": ["*"]},
            {"lines": "errors", "save_to": world.name("saved")},
        ):  # fmt: skip
            world.client.call("fetch_results", {"job_id": job_id, **more})
        for part in ("", "/log"):
            world.client.read(f"job://local/{job_id}{part}")


@move
def restart_the_server(world: World) -> None:
    world.restart_server(kill=world.random.random() < 0.5)


@move
def kill_the_hub(world: World) -> None:
    world.kill_hub()
    world.client.call("job_status", {})


def play(world: World, steps: int) -> None:
    """Make that many moves, and look after each of them."""
    for _ in range(steps):
        chosen = world.random.choice(MOVES)
        world.moves.append(chosen.__name__)
        began = time.monotonic()
        chosen(world)
        world.check()
        world.took[chosen.__name__] += time.monotonic() - began
