"""Plain fields with a secret's value in them are refused before anything is sent."""

from __future__ import annotations

import base64

import pytest

from jobs.errors import SecretInArgument
from jobs.masking.masker import Masker
from jobs.secrets.scan import refuse_values

pytestmark = pytest.mark.promise("S9")

VALUE = "Zq7-throwaway-Xy9"


@pytest.mark.parametrize(
    "text",
    [
        VALUE,
        f"--key={VALUE}",
        base64.b64encode(b"x" + VALUE.encode()).decode(),
        VALUE.encode().hex(),
        "hf_" + "aB3" * 12,
    ],
)
@pytest.mark.parametrize("kind", [str, bytes])
def test_a_value_is_refused_by_field_and_never_repeated(text: str, kind: type) -> None:
    fields = {"command[0]": "echo", "env.KEY": text if kind is str else text.encode()}
    with pytest.raises(SecretInArgument) as refused:
        refuse_values(fields, {"API_KEY": VALUE})
    assert refused.value.field == "env.KEY"
    assert text not in repr(refused.value.as_dict())


def test_a_value_in_a_fields_own_name_is_not_repeated_either() -> None:
    with pytest.raises(SecretInArgument) as refused:
        refuse_values({f"files.{VALUE}": VALUE}, Masker({"API_KEY": VALUE}))
    assert VALUE not in repr(refused.value.as_dict())
    assert refused.value.field == "files.***API_KEY***"


def test_names_placeholders_and_short_values_pass() -> None:
    refuse_values(
        {
            "command": "python train.py --token $HF_TOKEN",
            "env.DEBUG": "1",
            "secrets[0]": "API_KEY",
            "script": b"\xff\x00",
        },
        {"API_KEY": VALUE, "DEBUG": "1"},
    )
