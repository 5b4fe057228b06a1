"""What there is to cover: read from the installed ``hf`` command and from `HfApi`, never from a list of ours."""

import inspect
import re

import click
from huggingface_hub import HfApi

#: Methods that reach buckets or jobs without saying so in their names.
ALSO = ("copy_files",)


def commands() -> dict[str, click.Command]:
    """Return every command below ``hf jobs`` and ``hf buckets``, by its full name."""
    from huggingface_hub.cli.hf import app

    found: dict[str, click.Command] = {}
    for group in ("jobs", "buckets"):
        found |= _below(app, f"hf {group}", group)
    return found


def _below(parent: click.Group, title: str, name: str) -> dict[str, click.Command]:
    context = click.Context(parent)
    command = parent.get_command(context, name)
    assert command is not None, title
    if not isinstance(command, click.Group):
        return {title: command}
    found: dict[str, click.Command] = {}
    for below in command.list_commands(click.Context(command)):
        first, *_ = re.split(r"\s*\|\s*", below)
        found |= _below(command, f"{title} {first}", first)
    return found


def methods() -> set[str]:
    """Return the name of every public method of `HfApi` that has to do with jobs or buckets."""
    return {
        name
        for name, _ in inspect.getmembers(HfApi, inspect.isfunction)
        if not name.startswith("_") and ("job" in name or "bucket" in name or name in ALSO)
    }
