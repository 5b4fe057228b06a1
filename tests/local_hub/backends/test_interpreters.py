"""The real Python interpreters of this machine, and which of them stands in for an image."""

from __future__ import annotations

from local_hub.backends import interpreters


def test_every_interpreter_runs_and_is_what_it_is_called() -> None:
    import subprocess

    assert interpreters.installed()
    for one in interpreters.installed().values():
        code = "import sys; print(sys.version_info[1])"
        said = subprocess.run(
            [one.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=30
        )
        assert int(said.stdout) == one.minor


def test_an_image_gets_the_nearest_interpreter() -> None:
    known = interpreters.installed()
    minor = min(known)
    for image in (f"python:3.{minor}", f"python:3.{minor}-slim", f"ghcr.io/astral-sh/uv:python3.{minor}-bookworm"):
        assert interpreters.for_image(image) == (known[minor], True)
    assert interpreters.for_image("python:3.99") == (known[max(known)], False)
    assert interpreters.for_image("python:latest")[1]
    assert interpreters.for_image("ubuntu")[0] in known.values()
