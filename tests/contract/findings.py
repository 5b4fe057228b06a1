"""What was once found to differ from the Hub or to fail a person with a real account, and where each point is held.

A point is held by a test, or the page says why it is left as it is. The ids are those of the review that found them.
"""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]

_ACCOUNT = "contract/test_real_account.py"
_FAILURES = "contract/test_account_failures.py"
_WITNESS = "contract/test_witness.py"

#: Point, and the file and name of the test that holds it, or a sentence.
FINDINGS: tuple[tuple[str, str, str], ...] = (
    ("A1", "A token that may start jobs and not write buckets runs jobs without a workspace",
     f"{_ACCOUNT}::test_without_a_bucket_nobody_is_asked_and_the_way_without_a_workspace_is_told_and_works"),
    ("A1", "A token that may not start jobs is told so before anyone is asked",
     f"{_FAILURES}::test_a_token_that_may_not_start_jobs_is_told_before_anyone_is_asked"),
    ("A2", "Without its files a job's log is had", "tools/replies/test_partial_reply.py::test_without_the_files_there_is_the_log"),
    ("A2", "Without its log a job's files are had", "tools/replies/test_partial_reply.py::test_without_the_log_there_are_the_files"),
    ("A3", "A job that the Hub stopped says why", f"{_FAILURES}::test_a_job_that_the_hub_cancelled_says_why"),
    ("A3", "A schedule that the Hub suspended says why",
     f"{_ACCOUNT}::test_a_schedule_that_the_hub_suspended_says_why_and_what_to_do"),
    ("A3", "Failed attempts are counted", f"{_ACCOUNT}::test_failed_attempts_are_counted"),
    ("A4", "Cron lines are sent in the Hub's form",
     "jobs/spec/test_cron_form.py::test_every_line_is_sent_in_the_hubs_form_and_means_the_same"),
    ("A4", "Cron lines in another form are refused here too",
     f"{_WITNESS}::test_a_schedule_in_another_form_is_refused"),
    ("A5", "One job is polled with fifteen requests at most", f"{_ACCOUNT}::test_one_job_is_polled_kindly"),
    ("A5", "Fifty jobs are polled by their list", f"{_ACCOUNT}::test_fifty_jobs_are_polled_by_their_list"),
    ("A5", "Fifty jobs that ended take thirty requests at most",
     f"{_ACCOUNT}::test_fifty_jobs_that_have_ended_take_few_requests_and_none_is_called_what_was_not_seen"),
    ("A6", "A results file that is named and not there is no success",
     "tools/test_success.py::test_results_that_are_not_there_are_no_success_among_any_number_of_files"),
    ("A7", "An image without uv, one that is not there, and a mount that fails are told apart",
     f"{_FAILURES}::test_an_image_or_a_mount_that_does_not_do_is_told_by_what_it_lacks"),
    ("A7", "What an image will not do is said before it is paid for",
     "jobs/planning/test_advice.py::test_what_will_disappoint_is_said_once"),
    ("A8", "A project's environment is made outside the workspace, which is no disk",
     "jobs/spec/test_wrapper.py::test_a_projects_environment_is_outside_the_workspace"),
    ("A8", "The workspace is mounted, not a disk", "A job cannot be told so beforehand; docs/local-hub.md says what fails there and not here."),
    ("A9", "A hub out of reach says why", f"{_FAILURES}::test_a_hub_out_of_reach_says_why_by_every_tool_and_asks_nobody"),
    ("A9", "A token that is refused is told before anyone is asked",
     f"{_FAILURES}::test_a_token_that_is_refused_is_told_before_anyone_is_asked"),
    ("A9", "doctor names the fault", "server/doctor/test_report.py::test_faults_of_the_surroundings_are_named_and_no_value_is"),
    ("A10", "Fields are taken and refused as the description says", f"{_WITNESS}::test_what_the_hub_takes_is_taken"),
    ("A10", "Fields are refused as the description says", f"{_WITNESS}::test_what_the_hub_refuses_is_refused"),
    ("A10", "A cron line of six or seven fields through submit tools",
     ("Refused by `schedule_job`: the description does not say what a sixth and a seventh field mean, and a person is "
     "shown the next runs. The local hub takes them: seconds first, the year last.")),
    ("A10", "More than ten attempts through submit tools",
     "Refused by `submit_job`: each is paid for. The local hub takes any number, as the Hub does."),
    ("A11", "A log that has said nothing yet has no number of lines",
     "jobs/logs/test_reader.py::test_a_running_job_that_said_nothing_yet_has_no_number_of_lines"),
    ("A11", "Attempts are told apart in a log", "jobs/logs/test_reader.py::test_attempts_are_told_apart"),
    ("A11", "A namespace of strangers is told before anyone is asked",
     f"{_FAILURES}::test_a_namespace_of_strangers_is_told_before_anyone_is_asked"),
    ("A11", "A bare id of an organisation is found",
     "tools/test_default_namespace.py::test_a_bare_id_of_an_organisation_is_found_by_all_tools"),
    ("B1", "A tree is recursive unless asked otherwise", f"{_WITNESS}::test_every_answer_about_a_bucket_has_the_hubs_shape"),
    ("B2", "Files have an ETag, and Xet's information on request",
     f"{_WITNESS}::test_every_answer_about_a_bucket_has_the_hubs_shape"),
    ("B2", "A file is answered by a redirect to another host",
     ("The local hub has no other host and answers with the bytes; the stand-in of the Hub in the tests redirects: "
     f"{_ACCOUNT}::test_the_whole_way_works_and_no_token_goes_to_the_host_of_the_files")),
    ("B3", "A bucket is public unless said otherwise", f"{_WITNESS}::test_every_answer_about_a_bucket_has_the_hubs_shape"),
    ("B4", "Addresses of exposed ports stand in the first reply",
     f"{_WITNESS}::test_a_job_that_waits_for_a_port_says_where_it_will_be"),
    ("B5", "Events of a job, counts, checks of rights",
     f"{_WITNESS}::test_events_tell_each_change_of_a_job_and_end_with_it"),
    ("B5", "Webhooks", "Answered with 501: they are set off by changes of models, datasets and Spaces, and there are none here."),
    ("B5", "`hf sandbox`", "Not here: its servers are images of Spaces, and there are no Spaces."),
    ("B5", "Resource groups of buckets, and `lfs-files/duplicate`",
     "Not here: there are no groups, and no repositories to duplicate files into."),
    ("B6", "Every answer has the required fields", f"{_WITNESS}::test_every_answer_about_a_job_has_the_hubs_shape"),
    ("B7", "Every flavor of the Hub is known", f"{_WITNESS}::test_what_the_hub_takes_is_taken"),
    ("B8", "Cancelling a job that ended is no error", f"{_WITNESS}::test_every_answer_about_a_job_has_the_hubs_shape"),
    ("B8", "A bucket without a namespace is not found", f"{_WITNESS}::test_every_answer_about_a_bucket_has_the_hubs_shape"),
    ("B8", "Public buckets are read without a token",
     ("Not here: everybody with an account on this machine would be the public, and so would every job. "
     "The local hub wants its token for all but the list of hardware.")),
    ("B8", "What the description does not allow is answered with 400, a batch with 422",
     "local_hub/api/test_job_routes.py::test_a_spec_that_cannot_run_is_refused_with_the_field"),
    ("B9", "Any bytes arrive", "local_hub/buckets/test_any_bytes.py::test_any_bytes_come_back_as_they_went"),
    ("B1", "An order of a tree by `uploadedAt`", "Refused, and said so: trees are listed in the order of their paths."),
)  # fmt: skip

_TEST = re.compile(r"([\w/]+\.py)::(test_\w+)")


def missing() -> list[str]:
    """Return the tests that are named here and are not there."""
    named = {found.groups() for _, _, held in FINDINGS for found in _TEST.finditer(held)}
    return [f"{file}::{test}" for file, test in sorted(named) if f"def {test}(" not in (TESTS / file).read_text()]


def table() -> list[str]:
    """Return the lines of a table for people."""
    lines = ["| point | what | held by, or why not |", "|---|---|---|"]
    for point, what, held in FINDINGS:
        shown = _TEST.sub(
            lambda found: f"{Path(found[1]).stem}: {found[2].removeprefix('test_').replace('_', ' ')}", held
        )
        lines.append(f"| {point} | {what} | {shown} |")
    return lines
