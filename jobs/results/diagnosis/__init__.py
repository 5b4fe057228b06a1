"""Why a job failed: a table of failures, and the choice among what a log shows of them."""

from jobs.results.diagnosis.agent_log import agents_own_word
from jobs.results.diagnosis.diagnose import LINES_READ, RULES, diagnose, exit_code, exit_words
from jobs.results.diagnosis.model import Diagnosis
from jobs.results.diagnosis.stages import waiting

__all__ = ["LINES_READ", "RULES", "Diagnosis", "agents_own_word", "diagnose", "exit_code", "exit_words", "waiting"]
