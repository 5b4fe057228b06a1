"""The flavors of the local hub are those of the real one."""

from __future__ import annotations

from huggingface_hub import JobHardware

from local_hub import flavors


def test_the_flavors_are_those_the_client_knows() -> None:
    assert {flavor.name for flavor in flavors.FLAVORS} == {hardware.value for hardware in JobHardware}
