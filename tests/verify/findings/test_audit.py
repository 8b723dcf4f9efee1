"""The two lines of a file's audit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cifarx.verify.findings.audit import CHECKPOINT, Audit

SOUND = Audit("model.onnx", "the run", CHECKPOINT, 3, 3, (), 4, 4, (), (), (), ())


def outcomes(audit: Audit) -> list[str]:
    return [check.outcome for check in audit.checks()]


def test_equal_layers_and_tensors_pass() -> None:
    assert SOUND.passed
    layers, weights = (check.line() for check in SOUND.checks())
    assert layers == "PASSED | layers | model.onnx 3/3 layers as in the run"
    assert weights == "PASSED | weights | model.onnx 4/4 tensors equal the checkpoint bit for bit"


@pytest.mark.parametrize("kind", ["differing", "unaccounted", "missing"])
def test_a_fault_of_a_tensor_fails_the_weights_alone(kind: str) -> None:
    audit = replace(SOUND, **{kind: ("spare",)})
    assert outcomes(audit) == ["PASSED", "FAILED"]
    assert not audit.passed
    assert audit.checks()[1].detail.endswith(": spare")
    assert audit.found_by == "weights"


def test_a_fault_of_a_layer_fails_the_layers_alone() -> None:
    audit = replace(SOUND, layers_equal=2, layer_faults=("relu1 is missing",))
    assert outcomes(audit) == ["FAILED", "PASSED"]
    assert audit.found_by == "layers"


def test_a_count_without_a_name_is_no_pass() -> None:
    assert outcomes(replace(SOUND, tensors_equal=3))[1] == "FAILED"
    assert outcomes(replace(SOUND, layers=0, layers_equal=0, tensors=0, tensors_equal=0)) == [
        "FAILED",
        "FAILED",
    ]


def test_five_names_stand_in_a_line_and_the_rest_is_counted() -> None:
    names = tuple(f"t{i}" for i in range(7))
    assert replace(SOUND, differing=names).checks()[1].detail.endswith("t4 and 2 more")


def test_a_network_that_cannot_be_read_has_no_equal_tensors() -> None:
    audit = replace(SOUND, read=False, tensors_equal=0, layer_faults=("NoSuch",))
    assert outcomes(audit) == ["FAILED", "FAILED"]
    assert "tensors not compared with the checkpoint" in audit.checks()[1].detail


def test_computed_constants_are_counted_apart_from_tensors() -> None:
    weights = replace(SOUND, constants=("norm1_Scale",)).checks()[1]
    assert weights.outcome == "PASSED"
    assert "3/3 tensors equal the checkpoint bit for bit; 1 computed constant " in weights.detail
    assert "(norm1_Scale)" in weights.detail
