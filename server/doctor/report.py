"""Every check in its order, printed for a person or a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from server.doctor import access, clients, configuration, machine
from server.doctor.finding import Finding

if TYPE_CHECKING:
    from server.settings import Settings

Check = Callable[["Settings"], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    machine.program,
    configuration.unexpanded,
    configuration.unknown,
    machine.state_folder,
    machine.disk,
    machine.open_files,
    machine.uv,
    machine.pythons,
    machine.sandbox,
    machine.engine,
    configuration.secrets_file,
    configuration.certificate_files,
    access.token,
    access.local_hub,
    access.hub,
    machine.keyring,
    clients.entries,
    configuration.asking,
)


def examine(flags: Mapping[str, Any], *, as_json: bool = False) -> int:
    """Print every finding. Returns 1 when something that the main job needs does not work."""
    settings, findings = configuration.usable(flags)
    for finding in findings:
        _show(finding, as_json=as_json)
    for check in CHECKS:
        for finding in check(settings):
            findings.append(finding)
            _show(finding, as_json=as_json)
    failed = sum(finding.verdict == "fail" for finding in findings)
    if as_json:
        told = [{key: value for key, value in asdict(one).items() if value is not None} for one in findings]
        print(json.dumps({"problems": failed, "findings": told}, indent=1))
    else:
        print(f"\n{failed or 'No'} problem{'' if failed == 1 else 's'} found.")
    return 1 if failed else 0


def _show(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        return
    print(f"{finding.verdict:<5} {finding.name}: {finding.state}")
    if finding.advice:
        print(f"      {finding.advice}")
