"""What came of a job that ended: did it do its work, and if not, why. Read once; an end never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from jobs import stage
from jobs.client.client import HubClient
from jobs.client.models import Job
from jobs.errors import HubError
from jobs.logs import reader
from jobs.results import artifacts, diagnosis
from jobs.results.agent_answer import AgentAnswer, is_fast_agent, results_path
from jobs.results.diagnosis import Diagnosis
from jobs.spec import workspace

_REMEMBERED = 500
_NO_RESULTS = Diagnosis(
    "no_results",
    "The process ended well, but the file that fast-agent's --results names is not in the workspace.",
    suggestion="Look at the log for what the agent did instead, and at the artifacts for what else it wrote.",
)


@dataclass(frozen=True)
class Outcome:
    """The word of the fast-agents inside, and the likeliest cause of a failure.

    Attributes:
        agent_succeeded: False when one failed; None when none left results.
        diagnosis: None for a job that did what it was for, or was cancelled.
        answers: One for each results file.
    """

    agent_succeeded: bool | None = None
    diagnosis: Diagnosis | None = None
    answers: tuple[AgentAnswer, ...] = ()


@dataclass
class Outcomes:
    """Remembers the last few hundred ends, by endpoint, namespace and id."""

    _known: OrderedDict[tuple[str, str, str], Outcome] = field(default_factory=OrderedDict)

    async def of(self, hub: HubClient, job: Job, mask: Callable[[str], str], *, deep: bool = True) -> Outcome | None:
        """The outcome of a job; None while it runs, or where the hub would not say.

        `deep` reads the log of a failed one and looks for agents in any job; otherwise only what decides whether a
        fast-agent job succeeded is read, and what is remembered is used.
        """
        if not stage.finished(job.stage):
            return None
        key = (job.endpoint, job.namespace, job.id)
        known = self._known.get(key)
        if known is not None or (not deep and not is_fast_agent(job.command)):
            return known
        try:
            found = await _read(hub, job, mask)
        except HubError:
            return None
        self._known[key] = found
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found


async def _read(hub: HubClient, job: Job, mask: Callable[[str], str]) -> Outcome:
    listed = await artifacts.listing(hub, job)
    answers = tuple(await artifacts.answers(hub, job, listed, mask=mask))
    agent_succeeded = all(answer.succeeded for answer in answers) if answers else None
    if not answers and job.stage == stage.COMPLETED and _promised_results(job):
        return Outcome(agent_succeeded=False, diagnosis=_NO_RESULTS)
    cause = None
    if job.stage == stage.ERROR or agent_succeeded is False:
        lines = await reader.last_lines(hub, job, diagnosis.LINES_READ, mask=mask)
        cause = diagnosis.diagnose(job, lines, answers)
    return Outcome(agent_succeeded, cause, answers)


def _promised_results(job: Job) -> bool:
    """Whether the job ran `fast-agent go` with a results file that had to land in its workspace."""
    path = results_path(job.command)
    inside = path is not None and (not path.startswith("/") or path.startswith(f"{workspace.MOUNT_PATH}/"))
    return inside and is_fast_agent(job.command) and workspace.of_job(job) is not None
