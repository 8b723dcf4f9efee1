"""Computed constants: one unit in the last place from float64 is right, two are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import computed_constants
import faults
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from cifarx.export.network.compute import run_graph
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.ladder.weights.computed_constants import (
    unlikeness,
    with_constants_of,
    with_exact_of,
)
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify

EXACT = np.array([1 / 3, -2 / 7, 1 / 0.229])
ROUNDED = EXACT.astype(np.float32)
COMPUTED = Array(ROUNDED, "", EXACT)


def moved(value: np.ndarray, units: int) -> np.ndarray:
    """The first number so many units in the last place away from zero."""
    flat = value.ravel().copy()
    flat[:1].view(np.int32)[0] += units
    return flat.reshape(value.shape)


def test_a_constant_may_be_up_to_one_unit_from_its_float64_value() -> None:
    for units in range(-3, 4):
        value = moved(ROUNDED, units)
        off = abs(float(value[0]) - EXACT[0]) / float(np.spacing(ROUNDED[0]))
        assert (unlikeness(Array(value, ""), COMPUTED) == "") == (off <= 1.0)
    assert unlikeness(Array(moved(ROUNDED, 2), ""), COMPUTED)
    assert unlikeness(Array(moved(ROUNDED, -2), ""), COMPUTED)


def test_what_is_wrong_with_a_constant_is_told() -> None:
    found = unlikeness(Array(moved(ROUNDED, 5), ""), COMPUTED)
    assert "units in the last place from its float64 value" in found
    other = np.array([1 / 3, -2 / 7, 1 / 0.23])
    assert "Exact" in unlikeness(Array(ROUNDED, "", other), COMPUTED)
    assert unlikeness(Array(ROUNDED[:2], ""), COMPUTED)


def test_a_stored_tensor_must_have_the_same_bits() -> None:
    stored = Array(ROUNDED, "weight")
    assert unlikeness(Array(ROUNDED.copy(), "other"), stored) == ""
    assert unlikeness(Array(moved(ROUNDED, 1), "weight"), stored).startswith("1 of 3 values")


def scaled(factor: Array) -> LayerGraph:
    arrays = {"Scale": factor, "Offset": Array(np.zeros(1, np.float32), "")}
    layer = Layer("by_third", "ScalingLayer", ("image",), {}, arrays)
    return LayerGraph((Input("image", (1, 1, 2)),), (layer,), (Output("by_third"),))


def test_right_constants_are_taken_as_float64_gives_them_and_wrong_ones_as_they_are() -> None:
    third = np.array([1 / 3])
    original = scaled(Array(third.astype(np.float32), "", third))
    x = np.ones((1, 1, 1, 2), np.float32)
    for value, expected in ((np.float32([1 / 3]), 1 / 3), (np.float32([0.334]), np.float32(0.334))):
        found = with_exact_of(scaled(Array(value, "")), original)
        np.testing.assert_array_equal(run_graph(found, x, exact=True).ravel(), [expected] * 2)
    # where nothing was computed nothing is taken
    stored = scaled(Array(np.float32([1 / 3]), "w"))
    assert with_exact_of(original, stored).layers[0].arrays["Scale"].exact is None


def checked() -> Result:
    return verify(VerifyOptions(Path("model.onnx"), ("onnxruntime",), layer_images=4))


@pytest.fixture
def folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of a network with five computed constants, in the current folder."""
    computed_constants.write("folded", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def weights_line(result: Result, file: str = "model.onnx") -> str:
    audit = next(audit for audit in result.audits if audit.file == file)
    return audit.checks()[1].line()


def edit_constant(folder: Path, edit: Callable[[np.ndarray], Any]) -> str:
    """Change 1/std of the network's own normalisation; gives the initializer's name."""
    name = ""

    def change(model: onnx.ModelProto) -> None:
        nonlocal name
        wanted = np.float32(1 / np.array([0.229, 0.224, 0.225]))
        for tensor in model.graph.initializer:
            value = numpy_helper.to_array(tensor)
            if value.size == 3 and np.allclose(value.ravel(), wanted, rtol=1e-6):
                name = tensor.name
                changed = np.asarray(edit(value.copy()), np.float32)
                tensor.CopyFrom(numpy_helper.from_array(changed, name))

    faults.edit_onnx(folder, change)
    assert name
    return name


def test_constants_that_an_exporter_computed_are_named_and_equivalent(folded: Path) -> None:
    result = checked()
    assert result.verdict is Verdict.EQUIVALENT
    assert "5 computed constants within one unit in the last place" in weights_line(result)


def test_a_constant_rounded_the_other_way_is_right_in_every_rung(folded: Path) -> None:
    """Its layer too: a runtime computes with the number that the file holds."""
    exact = 1 / float(np.float32(0.229))
    other = -1 if float(np.float32(exact)) > exact else 1
    name = edit_constant(folded, lambda value: moved(value, other))
    result = checked()
    assert result.verdict is Verdict.EQUIVALENT
    assert name in result.audits[0].constants


@pytest.mark.parametrize(
    "edit", [lambda v: moved(v, 2), lambda v: moved(v, -2), lambda v: v * np.float32(1.001)]
)
def test_a_constant_two_units_or_a_thousandth_off_is_a_fault_and_is_named(
    folded: Path, edit: Callable[[np.ndarray], Any]
) -> None:
    name = edit_constant(folded, edit)
    result = checked()
    assert result.verdict is not Verdict.EQUIVALENT
    line = weights_line(result)
    assert line.startswith("FAILED")
    assert f"differing: {name} (up to " in line
    assert "units in the last place from its float64 value" in line


def test_another_exact_value_in_the_mat_file_changes_the_original_and_is_seen(folded: Path) -> None:
    """Without a run model.mat is the original; then the ONNX file is no longer like it."""

    def change(content: dict[str, Any]) -> None:
        for item in content["layers"].ravel():
            if item["Exact"].size and "Scale" in (item["Exact"].dtype.names or ()):
                item["Exact"][0, 0]["Scale"] = item["Exact"][0, 0]["Scale"] * (1 + 1e-6)
                return

    faults.edit_mat(folded, change)
    result = checked()
    assert result.verdict is not Verdict.EQUIVALENT
    assert weights_line(result).startswith("FAILED")


def test_layers_are_judged_with_the_right_constants_of_the_file_and_no_others() -> None:
    third = np.array([1 / 3])
    original = scaled(Array(third.astype(np.float32), "", third))
    below = np.nextafter(np.float32(1 / 3), np.float32(0))
    for value, taken in ((below, below), (np.float32(0.334), np.float32(1 / 3))):
        found = with_constants_of(original, scaled(Array(np.float32([value]), "")))
        assert found.layers[0].arrays["Scale"].value.tolist() == [taken]
    # a stored tensor is always the original's
    stored = scaled(Array(np.float32([1 / 3]), "w"))
    found = with_constants_of(stored, scaled(Array(np.float32([below]), "w")))
    assert found.layers[0].arrays["Scale"].value.tolist() == [np.float32(1 / 3)]


def test_layers_without_a_counterpart_have_no_float64_values() -> None:
    graph = scaled(Array(np.float32([1 / 3]), ""))
    other = replace(
        graph, layers=(replace(graph.layers[0], name="else"),), outputs=(Output("else"),)
    )
    assert with_exact_of(graph, other).layers[0].arrays["Scale"].exact is None
