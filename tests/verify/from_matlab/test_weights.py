"""Arrays of a file that go into a state dict, and those that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import faults
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from cifarx.export.bundle import Bundle
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run
from cifarx.verify.from_matlab.file import TunedFile, read_tuned
from cifarx.verify.from_matlab.weights import new_weights

Edit = Callable[[Array], Array]


def edited(graph: LayerGraph, edits: Mapping[tuple[str, str], Edit]) -> LayerGraph:
    """The network with some arrays changed, by (layer, property)."""
    layers = (
        replace(
            of,
            arrays={k: edits.get((of.name, k), lambda a: a)(a) for k, a in of.arrays.items()},
        )
        for of in graph.layers
    )
    return replace(graph, layers=tuple(layers))


def tuned(bundle: Bundle, graph: LayerGraph) -> TunedFile:
    path = Path("tuned.mat")
    return TunedFile(path, "0" * 64, graph, bundle.card, bundle.card.checkpoint_sha256, None)


def more(array: Array) -> Array:
    return replace(array, value=array.value + 1)


def unnamed(array: Array) -> Array:
    return Array(np.zeros_like(array.value), "")


def test_only_what_was_tuned_changes(trained: Run, bundle: Bundle) -> None:
    file = tuned(bundle, edited(bundle.graph, {("conv2", "Bias"): more}))
    new = new_weights(file, trained, bundle.graph)
    assert new.changed == ("conv2.bias",)
    assert new.notes == ()
    for name, value in trained.state().items():
        expected = value + 1 if name == "conv2.bias" else value
        assert new.state[name].dtype == value.dtype
        assert new.state[name].tobytes() == expected.tobytes()


def test_an_array_that_pytorch_does_not_have_must_be_as_exported(
    trained: Run, bundle: Bundle
) -> None:
    graph = edited(bundle.graph, {("fc2", "Bias"): unnamed})  # as of a layer without a bias
    assert new_weights(tuned(bundle, graph), trained, graph).changed == ()
    file = tuned(bundle, edited(graph, {("fc2", "Bias"): more}))
    with pytest.raises(UserError) as caught:
        new_weights(file, trained, graph)
    assert "fc2.Bias was changed, but is not a tensor of the network in PyTorch" in str(
        caught.value
    )
    assert "a learn rate factor of 0 freezes it" in str(caught.value)


def test_arrays_that_share_a_tensor_must_stay_alike(trained: Run, bundle: Bundle) -> None:
    scale = next(la for la in bundle.graph.layers if la.name == "norm1").arrays["Scale"]
    graph = edited(bundle.graph, {("norm1", "Offset"): lambda _: scale})
    both = {("norm1", "Scale"): more, ("norm1", "Offset"): more}
    new = new_weights(tuned(bundle, edited(graph, both)), trained, graph)
    assert new.changed == (scale.source,)
    file = tuned(bundle, edited(graph, {("norm1", "Offset"): more}))
    with pytest.raises(UserError, match=r"norm1\.Scale and norm1\.Offset differ, but are one"):
        new_weights(file, trained, graph)


def test_a_long_list_is_cut_and_counted(trained: Run, bundle: Bundle) -> None:
    edits = {
        (of.name, key): lambda a: replace(a, value=a.value * np.nan)
        for of in bundle.graph.layers
        for key in of.arrays
    }
    file = tuned(bundle, edited(bundle.graph, edits))
    with pytest.raises(UserError) as caught:
        new_weights(file, trained, bundle.graph)
    assert str(caught.value).count("NaN or Inf") == 8
    assert f"; and {len(edits) - 8} more. " in str(caught.value)


def change(field: str, value: Any) -> Callable[[Path], None]:
    """Set a field of `inputs` or `format`, or a variable."""

    def edit(content: dict[str, Any]) -> None:
        variable, _, key = field.partition(".")
        if key:
            content[variable][0, 0][key] = value
        else:
            content[variable] = value

    return lambda work: faults.edit_mat(work, edit)


def layer(name: str, field: str, edit: Callable[[np.ndarray], Any]) -> Callable[[Path], None]:
    return lambda work: faults.edit_layer(work, name, field, edit)


def without(name: str) -> Callable[[Path], None]:
    """Take a layer out, and let the next one read what it read."""

    def edit(content: dict[str, Any]) -> None:
        layers = content["layers"].ravel()
        (i,) = (i for i, item in enumerate(layers) if item["Name"].item() == name)
        layers[i + 1]["Inputs"] = layers[i]["Inputs"]
        content["layers"] = np.delete(layers, i).reshape(1, -1)

    return lambda work: faults.edit_mat(work, edit)


def renamed(content: dict[str, Any]) -> None:
    content["classes"][0, 3] = np.array(["banana"])


def fewer(content: dict[str, Any]) -> None:
    content["classes"] = content["classes"][:, :9]
    for key in ("outputs", "reference"):
        content["test"][0, 0][key] = content["test"][0, 0][key][:9]
    content["test"][0, 0]["labels"] = np.minimum(content["test"][0, 0]["labels"], 9)
    last = content["layers"].ravel()[-1]
    last["Weights"], last["Bias"] = last["Weights"][:9], last["Bias"][:9]
    content["outputs"][0, 0]["Size"] = 9.0


def nan(values: np.ndarray) -> np.ndarray:
    values[0] = np.nan
    return values


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda work: faults.edit_mat(work, faults.swap_cells),
            "it has the classes in another order (class 1, class 0, class 2",
        ),
        (lambda work: faults.edit_mat(work, renamed), "it has other classes (class 0, class 1"),
        (lambda work: faults.edit_mat(work, fewer), "it has 9 classes, the run 10 (class 0"),
        (
            change("inputs.Mean", np.full((1, 1, 3), 120, np.float32)),
            "it has the mean 120, 120, 120 of pixels, the run 127.5, 127.5, 127.5",
        ),
        (
            change("inputs.StandardDeviation", np.full((1, 1, 3), 60, np.float32)),
            "it has the std 60, 60, 60 of pixels, the run ",
        ),
        (change("format.model", "lenet"), "it is a 'lenet'"),
        (layer("pool", "Stride", lambda v: v - 1), "pool has Stride (7, 7), not (8, 8)"),
        (layer("norm1", "Epsilon", lambda v: v * 10), "norm1 has Epsilon 0.0001, not 1e-05"),
        (
            layer("drop3", "Probability", lambda v: v * 2),
            "drop3 has Probability 0.4, not 0.2",
        ),
        (without("drop3"), "drop3 (DropoutLayer) is missing"),
        (without("relu2"), "relu2 (ReLULayer) is missing"),
        (
            layer("relu1", "Kind", lambda v: np.array(["TanhLayer"])),
            "relu1 (TanhLayer) is not in the run",
        ),
        (layer("fc1", "Bias", nan), "layer 'fc1': Bias holds NaN or infinite numbers"),
        (layer("norm3", "TrainedVariance", lambda v: -v), "norm3.TrainedVariance has negative"),
        (
            layer("fc1", "Weights", lambda v: v.astype(np.float64)),
            "layer 'fc1': Weights is float64, expected single",
        ),
        (
            layer("conv2", "Weights", lambda v: v[:2]),
            "conv2.Weights is 6 x 4 x 2 x 3, not 6 x 4 x 3 x 3",
        ),
    ],
)
def test_what_a_run_cannot_hold_is_refused_in_a_paragraph(
    work: Path, trained: Run, bundle: Bundle, spoil: Callable[[Path], None], said: str
) -> None:
    for i in range(3):
        said = said.replace(f"class {i}", trained.record.classes[i])
    spoil(work)
    with pytest.raises(UserError) as caught:
        new_weights(read_tuned(work / "model.mat"), trained, bundle.graph)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dropout_of_an_onnx_file_is_noted_and_so_is_that_it_has_no_answers(
    work: Path, trained: Run, bundle: Bundle
) -> None:
    def twice(model: onnx.ModelProto) -> None:
        (ratio,) = (t for t in model.graph.initializer if t.name == "drop3_ratio")
        ratio.CopyFrom(numpy_helper.from_array(2 * numpy_helper.to_array(ratio), ratio.name))

    faults.edit_onnx(work, twice)
    notes = new_weights(read_tuned(work / "model.onnx"), trained, bundle.graph).notes
    assert any(f"dropout with 0.4, {trained.folder.name} with 0.2; the new" in n for n in notes)
    assert any("has no outputs to compare with PyTorch's" in n for n in notes)


def test_arrays_that_cifarx_save_did_not_write_are_refused(work: Path) -> None:
    def as_saved(content: dict[str, Any]) -> None:
        content["test"][0, 0]["reference"] = np.empty((0, 0))

    faults.edit_mat(work, as_saved)
    read_tuned(work / "model.mat")
    faults.edit_layer(work, "conv2", "Bias", lambda v: v + 1)
    with pytest.raises(UserError, match=r"model\.mat are not those that cifarx\.save wrote"):
        read_tuned(work / "model.mat")
