"""An id is never lost to the rest of a reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.client import models

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
JOB_FIELDS = st.sampled_from(
    [
        "createdAt",
        "status",
        "owner",
        "initiator",
        "secrets",
        "labels",
        "volumes",
        "durations",
        "expose",
        "command",
        "retry",
    ]
)


@given(st.dictionaries(JOB_FIELDS, JSON))
def test_whatever_else_a_reply_holds_the_job_is_read(parts):
    assert models.job({"id": "abc", **parts}, endpoint="x", namespace="n").id == "abc"


@given(st.dictionaries(st.sampled_from(["status", "jobSpec", "owner", "suspend", "schedule"]), JSON))
def test_whatever_else_a_reply_holds_the_schedule_is_read(parts):
    made = models.scheduled_job({"id": "abc", **parts}, endpoint="x", namespace="n")
    assert (made.id, tuple(made.secrets) is not None, dict(made.labels) is not None) == ("abc", True, True)


@pytest.mark.parametrize("raw", [{}, {"id": None}, {"id": 5}, {"id": ""}])
def test_a_reply_without_an_id_is_no_job(raw):
    with pytest.raises(KeyError):
        models.job(raw, endpoint="x", namespace="n")


def test_secrets_are_names_whether_sent_as_a_list_or_an_object():
    for sent in ({"B": "hidden", "A": ""}, ["B", "A"]):
        job = models.job({"id": "x", "secrets": sent}, endpoint="x", namespace="n")
        assert job.secrets == ("A", "B")


def test_the_owner_is_the_namespace_and_the_url_is_made_of_it():
    job = models.job(
        {"id": "x", "owner": {"name": "org", "type": "org", "id": "1"}}, endpoint="https://h", namespace="me"
    )
    assert (job.namespace, job.url) == ("org", "https://h/jobs/org/x")
