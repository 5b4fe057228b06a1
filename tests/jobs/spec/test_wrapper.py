"""What a job does before its command, run for real in every shell that is here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.spec.wrapper import EARLIER_NAME, NOT_APPROVED, unwrap, wrap

SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)] or ["sh"]
FILES = (("cards/a b.md", b"hello"), ("main.py", b"print('approved')\n"))
EARLIER = (
    'd="${HF_JOB_WORKSPACE:-/workspace}"; i="$d/inputs"; d="$d/runs/${JOB_ID:-$(date -u +%Y%m%dT%H%M%SZ)-$$}"; '
    'mkdir -p "$d" || exit 1; if [ -d "$i" ]; then cp -R "$i/." "$d/" || exit 1; fi; '
    'cd "$d" || exit 1; export HF_JOB_WORKSPACE="$d"; exec "$@"'
)


@pytest.fixture(params=SHELLS)
def run(request, tmp_path):
    """Place the files, let `change` loose on them, and run the wrapped command."""
    shell = ["busybox", "sh"] if request.param == "busybox" else [request.param]

    def run(change=lambda inputs: None, *, scheduled=False, command=("cat", "main.py"), path=None):
        inputs, work = tmp_path / "the inputs", tmp_path / "work"
        work.mkdir(exist_ok=True)
        for name, data in FILES:
            (inputs / name).parent.mkdir(parents=True, exist_ok=True)
            (inputs / name).write_bytes(data)
        change(inputs)
        words = list(wrap(command, FILES, scheduled=scheduled))
        words[:1] = [shutil.which(shell[0]) or shell[0], *shell[1:]]
        env = {
            "PATH": path or "/usr/bin:/bin",
            "HF_JOB_WORKSPACE": str(work),
            "HF_JOB_INPUTS": str(inputs),
            "JOB_ID": "one",
        }
        done = subprocess.run(words, env=env, cwd=work, capture_output=True, text=True, timeout=30, check=False)
        return done, work / "one" if scheduled else work

    return run


@pytest.mark.promise("S2")
@pytest.mark.parametrize("scheduled", [False, True])
def test_the_approved_files_are_where_the_command_looks_for_them(run, scheduled):
    done, folder = run(scheduled=scheduled)
    assert (done.returncode, done.stdout) == (0, "print('approved')\n")
    assert (folder / "cards/a b.md").read_bytes() == b"hello"


def overwrite(inputs: Path) -> None:
    (inputs / "main.py").write_bytes(b"print('evil')\n")


def overwrite_another(inputs: Path) -> None:
    (inputs / "cards/a b.md").write_bytes(b"hello.")


def remove(inputs: Path) -> None:
    (inputs / "main.py").unlink()


def link(inputs: Path) -> None:
    remove(inputs)
    (inputs / "main.py").symlink_to("/etc/passwd")


def a_folder(inputs: Path) -> None:
    remove(inputs)
    (inputs / "main.py").mkdir()


@pytest.mark.promise("S2")
@pytest.mark.parametrize("scheduled", [False, True])
@pytest.mark.parametrize("change", [overwrite, overwrite_another, remove, link, a_folder])
def test_other_bytes_than_the_approved_ones_are_not_run(run, change, scheduled):
    done, _ = run(change, scheduled=scheduled, command=("echo", "started"))
    assert done.returncode == NOT_APPROVED
    assert "started" not in done.stdout
    assert ("cards/a b.md" if change is overwrite_another else "main.py") in done.stderr


def test_a_file_that_nobody_approved_is_not_beside_the_program(run):
    done, _ = run(lambda inputs: (inputs / "json.py").write_text("evil"), command=("ls",))
    assert done.stdout.split() == ["cards", "main.py"]


def test_what_an_attempt_before_left_is_replaced(run, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work/main.py").symlink_to(tmp_path / "elsewhere")
    done, folder = run()
    assert done.returncode == 0
    assert not (folder / "main.py").is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_an_image_without_sha256sum_uses_what_it_has(run, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    for name in ("mkdir", "rm", "cp", "cat", "busybox"):
        if found := shutil.which(name):
            (programs / name).symlink_to(Path(found).resolve())
    assert run(path=str(programs))[0].returncode == 0
    assert run(overwrite, path=str(programs))[0].returncode == NOT_APPROVED


def test_a_job_without_files_is_sent_as_it_is():
    assert wrap(("echo", "x"), (), scheduled=False) == ("echo", "x")


WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1).map(tuple)


@given(WORDS, st.booleans(), st.booleans())
def test_a_wrapped_command_is_taken_apart_again(command, scheduled, with_files):
    files = FILES if with_files else ()
    taken = unwrap(wrap(command, files, scheduled=scheduled))
    if with_files or scheduled:
        assert taken.command == command
        assert [path for path, _ in taken.files] == [path for path, _ in files]


def test_only_a_wrapper_of_ours_to_the_letter_is_taken_apart():
    ours = wrap(("echo", "x"), FILES, scheduled=True)
    for words in (
        ("bash", *ours[1:]),
        (*ours[:2], ours[2] + " ", *ours[3:]),
        ours[:4],
        ("sh", "-c", "x", EARLIER_NAME, "y"),
    ):
        assert unwrap(words) == (words, ())
    assert unwrap(("sh", "-c", EARLIER, EARLIER_NAME, "echo", "x")) == (("echo", "x"), ())


def test_a_projects_environment_is_outside_the_workspace(tmp_path: Path) -> None:
    files = (("pyproject.toml", b"[project]\n"), ("main.py", b""))
    for own, wanted in (({}, f"{tmp_path}/t/project-J1"), ({"UV_PROJECT_ENVIRONMENT": "/own"}, "/own")):
        for number, (scheduled, with_files) in enumerate(((False, files), (True, files), (False, files[1:]))):
            inputs, place = tmp_path / f"in{number}", tmp_path / f"work{number}"
            for folder in (inputs, place):
                folder.mkdir(exist_ok=True)
            for name, data in with_files:
                (inputs / name).write_bytes(data)
            argv = wrap(["sh", "-c", 'echo "$UV_PROJECT_ENVIRONMENT"'], with_files, scheduled=scheduled)
            env = {"PATH": "/usr/bin:/bin", "JOB_ID": "J1", "TMPDIR": f"{tmp_path}/t", "HF_JOB_INPUTS": str(inputs)}
            done = subprocess.run(
                argv, env={**env, "HF_JOB_WORKSPACE": str(place), **own}, capture_output=True, text=True, check=True
            )
            assert done.stdout.strip() == (own.get("UV_PROJECT_ENVIRONMENT", "") if number == 2 else wanted)


def test_the_wrappers_of_before_are_taken_apart_too() -> None:
    for scheduled in (False, True):
        argv = wrap(["python", "x.py"], (("x.py", b"1"),), scheduled=scheduled)
        text = argv[2]
        at = text.index('if [ -f "$w/pyproject.toml" ]')
        before = text[:at] + text[text.index("exec", at) :]
        assert unwrap((*argv[:2], before, *argv[3:])).command == ("python", "x.py")
