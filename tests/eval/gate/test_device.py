"""The axis "device": recorded samples against a profile."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llmq import convert
from llmq.devices import devices
from llmq.errors import DeviceError, ModelError
from llmq_eval.gate.device import device_rows, measure_device
from llmq_eval.gate.judgement import Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.policy_file import read_policy
from llmq_eval.speed.values import Job
from llmq_peer.gate_evidence import Truth, made_evidence

GOOD: dict[str, Any] = {
    "profile": "phone-4gb",
    "file_bytes": 2_000_000_000,
    "load_s": [1.0, 10.0, 2.0],
    "first_token_s": [5.0] * 95 + [60.0] * 5,
    "tokens_per_s": [5.0] * 96 + [0.1] * 4,
    "peak_bytes": [1_000_000, 2_000_000_000],
    "joules_per_token": None,
}


def test_what_is_just_within_every_limit_holds() -> None:
    assert [row[3] for row in device_rows(GOOD)] == [True] * 5
    assert device_rows(GOOD)[3][1:3] == ("5.00 s", "<= 5.00 s")
    assert device_rows(GOOD)[4][1:3] == ("5.0", ">= 5.0")


@pytest.mark.parametrize(
    ("samples", "value", "row"),
    [
        ("file_bytes", 2_000_000_001, 0),
        ("peak_bytes", [2_000_000_001], 1),
        ("load_s", [1.0, 10.1], 2),
        ("first_token_s", [5.0] * 94 + [60.0] * 6, 3),
        ("tokens_per_s", [5.0] * 95 + [0.1] * 5, 4),
    ],
)
def test_what_is_just_beyond_a_limit_does_not(samples: str, value: object, row: int) -> None:
    holds = [each[3] for each in device_rows({**GOOD, samples: value})]
    assert holds == [n != row for n in range(5)]


@pytest.mark.parametrize("value", [None, [], [math.nan], ["5"], [True], [-1.0], {"a": 1}])
def test_what_was_not_measured_never_holds(value: object) -> None:
    (row,) = (row for row in device_rows({**GOOD, "load_s": value}) if row[3] is None)
    assert row[:3] == ("loading, here", "not measured", "<= 10.00 s")


def test_without_a_device_nothing_is_judged() -> None:
    rows = device_rows({**GOOD, "profile": None})
    assert {row[2:] for row in rows} == {("no device named (--device)", None)}
    assert rows[0][1] == "2,000.0 MB"
    assert [row[3] for row in device_rows({})] == [None] * 5


def test_energy_is_told_where_it_is_known() -> None:
    assert device_rows({**GOOD, "joules_per_token": 0.25})[5][1] == "0.25 J"


def test_a_device_that_there_is_none_of() -> None:
    with pytest.raises(DeviceError, match="did you mean phone-4gb"):
        device_rows({**GOOD, "profile": "phone-4g"})


def test_measuring_a_real_file(repository: Path, tmp_path: Path) -> None:
    file = convert(repository / "eval" / "tutor", tmp_path / "t.gguf", load_check=False)
    job = Job(threads=1, prompt_tokens=48, tokens=16)
    found = measure_device(file, "Phone-4GB", job, repeats=2)
    assert json.loads(json.dumps(found)) == found, "evidence is written as JSON"
    assert found["profile"] == "phone-4gb"
    assert len(found["first_token_s"]) == 6
    assert len(found["tokens_per_s"]) == 4
    assert device_rows(found)[0][3] is True
    with pytest.raises(ModelError, match="need a context of"):
        measure_device(file, None, Job(threads=1, prompt_tokens=1000), repeats=1)


def test_the_judge_holds_a_file_against_the_device() -> None:
    evidence, policy = made_evidence(Truth()), read_policy("4-bit")
    remarks = {"remarks": ["there is no GPU"]}
    how = {"cache_type": "Q8_0", "gpu_layers": 0, "exact": False}
    for samples, code, status in (
        ({}, 0, Status.PASS),
        ({"load_s": [11.0]}, 1, Status.FAIL),
        ({"load_s": None}, None, Status.SKIPPED),
    ):
        device = {**GOOD, **samples, **remarks}
        found = judge(replace(evidence, device=device, settings={"how": how}), policy)
        assert code in (found.exit_code, None)
        assert next(axis.status for axis in found.axes if axis.name == "device") is status
        assert "the quantized file ran as on a device, its context kept as Q8_0" in str(
            found.remarks
        )
        assert "there is no GPU" in found.remarks


def test_every_device_has_a_pace() -> None:
    for device in devices().values():
        assert device.pace
        assert device.pace.file_bytes <= 2**32 - 1, "the largest file that FAT32 holds"
        assert 1 <= device.pace.first_token_s <= device.pace.load_s
