"""Other names for arguments: what other tools and the command line call the same thing, by tool."""

from __future__ import annotations

from collections.abc import Mapping

_JOB = {
    "flavor": (
        "gpu",
        "gpu_type",
        "flavour",
        "sku",
        "hardware",
        "machine",
        "machine_type",
        "instance",
        "instance_type",
        "accelerator",
    ),
    "packages": ("dependencies", "deps", "with", "with_", "with_deps", "with_packages", "requirements", "pip"),
    "image": ("docker_image", "container", "container_image", "docker"),
    "timeout": ("timeout_seconds", "timeout_secs", "timeout_s", "max_duration", "time_limit"),
    "command": ("cmd", "argv"),
    "python": ("python_version", "py"),
    "env": ("environment", "env_vars", "environment_variables", "variables", "envs"),
    "secrets": ("secret", "secret_names", "secrets_names", "required_secrets"),
    "volumes": ("volume", "mounts", "mount"),
    "name": ("job_name", "title"),
    "labels": ("label", "tags"),
    "namespace": ("owner", "org", "organization", "organisation"),
    "script": ("code", "python_script", "script_content", "source"),
    "files": ("inputs", "input_files"),
    "attempts": ("max_attempts",),
    "expose": ("ports", "port"),
}
_SCHEDULE = {"schedule": ("cron", "cron_expression", "crontab", "schedule_expression")}
_JOB_ID = {"job_id": ("id", "job", "jobid", "job_ids"), "namespace": _JOB["namespace"]}

#: Tool → argument → its other names.
ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "submit_job": _JOB,
    "schedule_job": {**_JOB, **_SCHEDULE},
    "plan_secrets": {
        "models": ("model",), "command": _JOB["command"], "script": _JOB["script"], "secrets": _JOB["secrets"],
    },
    "job_status": {**_JOB_ID, "stage": ("status", "state", "stages"), "wait_seconds": ("wait", "wait_secs", "timeout")},
    "fetch_results": {
        **_JOB_ID, "lines": ("tail", "n_lines", "num_lines"), "search": ("grep", "pattern", "query"),
        "artifacts": ("artifact", "paths", "files"), "save_to": ("output_dir", "download_to", "local_dir"),
    },
    "manage_job": _JOB_ID,
    "manage_schedule": {
        "scheduled_job_id": ("schedule_id", "id", "job_id", "scheduled_id"), **_SCHEDULE,
        "namespace": _JOB["namespace"],
    },
    "list_hardware": {"max_hourly_usd": ("max_price", "max_usd", "max_hourly", "max_cost")},
}  # fmt: skip

#: Tool → what `action` is called elsewhere, where it can mean one thing only.
ACTIONS: Mapping[str, Mapping[str, str]] = {
    "manage_job": {
        **dict.fromkeys(("stop", "kill", "terminate", "abort", "cancel_job"), "cancel"),
        **dict.fromkeys(("restart", "retry", "resubmit", "rerun_job", "duplicate", "run_again"), "rerun"),
        **dict.fromkeys(("labels", "set_labels", "tag"), "label"),
    },
    "manage_schedule": {
        **dict.fromkeys(("pause", "disable"), "suspend"),
        **dict.fromkeys(("unpause", "unsuspend", "enable"), "resume"),
        **dict.fromkeys(("run", "run_now", "fire", "start_now"), "trigger"),
        **dict.fromkeys(("remove", "rm"), "delete"),
        **dict.fromkeys(("labels", "set_labels", "tag"), "label"),
        **dict.fromkeys(("ls", "show", "get"), "list"),
    },
}

#: What other tools take and this one does without: an argument with one of these values says nothing.
IDLE: Mapping[str, tuple[object, ...]] = {
    "detach": (True,),
    "timezone": ("UTC", "utc", "Etc/UTC"),
    "tz": ("UTC", "utc", "Etc/UTC"),
}

#: Arguments that have no place here, and what to do instead.
INSTEAD: Mapping[str, str] = {
    "timezone": "Schedules run in UTC only: write the times of `schedule` in UTC.",
    "tz": "Schedules run in UTC only: write the times of `schedule` in UTC.",
    "token": "No token is passed: `secrets` takes the NAME of one, and the server uses its own for the hub.",
    "hf_token": 'No token is passed: name it, secrets=["HF_TOKEN"], and a person confirms it.',
    "detach": "A job always runs in the background; job_status(wait_seconds=45) waits for it.",
    "follow": "fetch_results gives the log so far and a `cursor` for what comes after.",
    "args": "Put the arguments after the program in `command`.",
    "confirm": "No argument stands for a person's yes; the server asks them.",
    "yes": "No argument stands for a person's yes; the server asks them.",
    "operation": "Each operation is a tool of its own here.",
    **dict.fromkeys(
        ("retries", "max_retries", "num_retries"),
        "`attempts` is how often it is tried in all: two retries are 3 attempts.",
    ),
    **dict.fromkeys(
        ("workdir", "working_dir", "working_directory", "cwd"),
        'Change the folder in `command`: ["sh", "-c", "cd /app && python run.py"]; a uv job starts beside its `files`.',
    ),
    "entrypoint": "Put the program first in `command`, which replaces the image's entry point.",
    "shell": 'For a shell line let `command` be ["sh", "-c", "…"].',
    **dict.fromkeys(
        ("script_args", "script_arguments", "arguments"),
        'Put the script into `files` and its arguments into `command`: ["python", "x.py", "--n", "3"].',
    ),
    **dict.fromkeys(
        ("cpu", "cpus", "memory", "ram", "vcpu", "disk"), "A `flavor` says all of it: list_hardware lists them."
    ),
    **dict.fromkeys(("wait", "wait_seconds", "block"), "job_status(wait_seconds=45) waits for a job."),
    **dict.fromkeys(
        ("model", "prompt", "message"),
        'They belong into `command`: ["fast-agent", "go", "--model", "sonnet", "--message", "…"].',
    ),
    **dict.fromkeys(("interval", "every", "frequency"), '`schedule` says when: "@hourly", "0 9 * * 1" (UTC).'),
    "schedule": "schedule_job takes `schedule` and runs it more than once.",
    **dict.fromkeys(("path", "file", "filename"), '`artifacts` takes paths and globs, for example ["*.json"].'),
    **dict.fromkeys(("cancel", "stop", "rerun"), "`action` says what to do."),
    **dict.fromkeys(("hub", "endpoint", "base_url"), "Which hub it is was settled when the server started."),
}
