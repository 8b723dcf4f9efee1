"""What the files should hold: the checkpoint's tensors in the run's layers, or model.mat's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cifarx.export.bundle import Bundle
from cifarx.export.network.layer import Array
from cifarx.verify.findings.audit import CHECKPOINT
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject
from cifarx.verify.subject.original import original_of

MODEL = Path("model.onnx")


def test_a_runs_tensors_are_those_of_its_checkpoint(work: Path, bundle: Bundle) -> None:
    original = original_of(open_subject(MODEL, None), bundle.graph)
    assert original.graph is bundle.graph
    assert (original.layers_from, original.weights_from) == ("the run", CHECKPOINT)
    assert bundle.module is not None
    state = bundle.module.state_dict()
    assert set(original.state) == {n for n in state if not n.endswith("num_batches_tracked")}
    for name, value in original.state.items():
        np.testing.assert_array_equal(value, state[name].numpy())


def test_the_checkpoint_counts_and_not_what_the_graph_holds(work: Path, bundle: Bundle) -> None:
    original = original_of(open_subject(MODEL, None), bundle.graph)
    layer = next(la for la in bundle.graph.layers if la.name == "fc1")
    array = layer.arrays["Weights"]
    spoilt = replace(
        layer, arrays={**layer.arrays, "Weights": replace(array, value=array.value + 1)}
    )
    np.testing.assert_array_equal(original.value(spoilt, "Weights"), array.value)


def test_a_linear_layer_may_have_become_a_convolution_of_one_pixel(
    work: Path, bundle: Bundle
) -> None:
    original = original_of(open_subject(MODEL, None), bundle.graph)
    layer = next(la for la in bundle.graph.layers if la.name == "fc1")
    array = layer.arrays["Weights"]
    as_kernels = Array(array.value[:, :, None, None], array.source)
    other = replace(layer, arrays={"Weights": as_kernels})
    assert original.value(other, "Weights").shape == as_kernels.value.shape
    np.testing.assert_array_equal(original.value(other, "Weights"), as_kernels.value)


@pytest.mark.parametrize("source", ["", "no.such.tensor"])
def test_arrays_of_no_tensor_are_the_graphs_own(work: Path, bundle: Bundle, source: str) -> None:
    original = original_of(open_subject(MODEL, None), bundle.graph)
    layer = bundle.graph.layers[0]
    made_up = Array(np.float32([5, 6]), source)
    found = original.value(replace(layer, arrays={"Bias": made_up}), "Bias")
    np.testing.assert_array_equal(found, [5, 6])


def test_without_a_run_model_mat_is_the_original(work: Path) -> None:
    subject = open_subject(MODEL, NO_RUN)
    original = original_of(subject, None)
    assert subject.mat is not None
    assert original.graph is subject.mat.graph
    assert original.state == {}
    assert (original.layers_from, original.weights_from) == ("model.mat", "model.mat")


def test_a_run_whose_layers_are_unknown_still_has_its_weights(work: Path) -> None:
    original = original_of(open_subject(MODEL, None), None)
    assert (original.layers_from, original.weights_from) == ("model.mat", CHECKPOINT)
    assert original.state
