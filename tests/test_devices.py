"""Profiles of devices."""

import pytest

from llmq.devices import device_named, device_with, devices
from llmq.errors import DeviceError


def test_the_profiles() -> None:
    assert {"phone-4gb", "phone-6gb", "phone-8gb", "laptop-4gb", "laptop-8gb"} <= set(devices())
    for device in devices().values():
        assert 0.3 * device.total < device.usable < 0.8 * device.total
        assert device.words
        assert f"{device.total / 2**30:.0f} GB" in device.words


def test_verdicts() -> None:
    phone = device_named("Phone-4GB")
    needs = (phone.usable // 2, phone.usable, phone.usable + 1, None)
    assert [phone.verdict(need) for need in needs] == ["fits", "tight", "too large", "unknown"]


def test_any_device() -> None:
    assert device_with(4_000_000_000).usable == 2_000_000_000


@pytest.mark.parametrize("name", ["phone4gb", "laptop"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(DeviceError, match="did you mean"):
        device_named(name)
