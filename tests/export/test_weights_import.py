"""What of a file goes into a state dict, and what has no place there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cifarx.export.bundle import Bundle
from cifarx.export.graph import LayerGraph
from cifarx.export.layer import Array
from cifarx.export.tuned_file import TunedFile
from cifarx.export.weights_import import new_weights
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import Run

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
    assert "fc2.Bias was changed, but is no tensor of the network in PyTorch" in str(caught.value)
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
    assert f"; and {len(edits) - 8} more. A run takes weights alone" in str(caught.value)
