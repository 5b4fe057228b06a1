"""A Secret stays in its box."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest

from jobs.secrets.secret_value import Secret

pytestmark = pytest.mark.promise("S8")

VALUE = "Zq7-throwaway-Xy9"


@pytest.fixture
def secret() -> Secret:
    return Secret("API_KEY", VALUE)


def test_only_reveal_gives_the_value(secret: Secret) -> None:
    assert secret.reveal() == VALUE
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>30}", f"{secret:>30}", "%s" % secret, repr([secret])]  # noqa: UP031 -- a way to leak
    assert all("Secret(API_KEY)" in text and VALUE not in text for text in shown)


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, list, len, vars])
def test_it_is_not_copied_or_serialised(secret: Secret, leave) -> None:
    with pytest.raises(TypeError) as refused:
        leave(secret)
    assert VALUE not in str(refused.value)


def test_it_hides_in_dataclasses_and_logs(secret: Secret, caplog: pytest.LogCaptureFixture) -> None:
    @dataclasses.dataclass
    class Holder:
        secret: Secret

    assert VALUE not in repr(Holder(secret))
    with pytest.raises(TypeError):
        dataclasses.asdict(Holder(secret))
    logging.getLogger("test").error("sending %s %r", secret, {"secret": secret})
    assert VALUE not in caplog.text


def test_a_traceback_with_locals_shows_no_value(secret: Secret) -> None:
    try:
        int(secret)  # type: ignore[call-overload] # fails on purpose, with the secret among the locals
    except TypeError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "Secret(API_KEY)" in text
    assert VALUE not in text


def test_equal_values_do_not_compare_equal(secret: Secret) -> None:
    assert secret != Secret("API_KEY", VALUE)
    assert secret != VALUE
