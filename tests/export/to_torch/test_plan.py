"""A graph, the module of its plan, and network.py are one network, for every layer kind."""

from __future__ import annotations

from pathlib import Path

import every_kind
import numpy as np
import pytest
import torch
from drawn_networks import STEPS, drawn_freely, often
from hypothesis import given, settings
from hypothesis import strategies as st
from network_source import outputs_of_source

from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.network.compute import run_network_float32
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.export.to_torch.plan import graph_of, plan_of, state_of
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.imported.folder import (
    ImportedRecord,
    ImportedRun,
    build_imported,
    imported_files,
    load_imported,
)
from cifarx.pytorch_models.imported.network import as_tensor, build_network
from cifarx.pytorch_models.imported.plan import NetworkPlan, parse_plan

RECORD = ImportedRecord(
    name="net",
    file="net.onnx",
    file_sha256="0" * 64,
    task="regression",
    classes=(),
    mean=(),
    std=(),
    weights_sha256="",
    versions={},
    created="2026-11-28T00:00:00+00:00",
)
APART = 2.0**-14
"""Largest difference of two float32 computations here, in units of the largest number."""


def written(graph: LayerGraph, folder: Path) -> ImportedRun:
    """The run folder of a graph, as it is read again."""
    folder.mkdir(parents=True)
    plan = plan_of(graph)
    for name, content in imported_files(RECORD, plan, state_of(graph, plan)).items():
        (folder / name).write_bytes(content)
    return load_imported(folder)


def noise(graph: LayerGraph, count: int = 3) -> list[np.ndarray]:
    random = np.random.RandomState(0)
    shapes = [(count, *one.shape) for one in graph.inputs]
    return [random.standard_normal(shape).astype(np.float32) for shape in shapes]


def outputs_of(module: torch.nn.Module, inputs: list[np.ndarray]) -> list[np.ndarray]:
    with torch.no_grad():
        found = module(*map(torch.from_numpy, inputs))
    return [value.numpy() for value in (found.values() if isinstance(found, dict) else [found])]


def close(found: list[np.ndarray], expected: tuple[np.ndarray, ...]) -> bool:
    pairs = list(zip(found, expected, strict=True))
    assert all(a.shape == b.shape for a, b in pairs)
    return all(np.abs(a - b).max() <= APART * max(1, np.abs(b).max()) for a, b in pairs)


def same(a: LayerGraph, b: LayerGraph) -> bool:
    """Whether two graphs are equal, weights bit for bit; the names of tensors may differ."""

    def content(layer: Layer) -> object:
        arrays = {key: (x.value.shape, x.value.tobytes()) for key, x in layer.arrays.items()}
        return layer.name, layer.kind, layer.inputs, dict(layer.hyper), arrays

    outputs = [(one.layer, one.name) for one in a.outputs]
    return (
        a.inputs == b.inputs
        and outputs == [(one.layer, one.name) for one in b.outputs]
        and a.output_shapes() == b.output_shapes()
        and list(map(content, a.layers)) == list(map(content, b.layers))
    )


@pytest.mark.parametrize("kind", STEPS)
@settings(often, max_examples=4)
@given(st.data())
def test_a_drawn_network_is_the_same_in_pytorch(kind: str, data: st.DataObject) -> None:
    graph = drawn_freely(data, kind)
    plan = plan_of(graph)
    assert parse_plan(plan.model_dump_json(), "network.json") == plan
    state = state_of(graph, plan)
    assert same(graph_of(plan, state), graph)
    module = build_network(plan, {name: as_tensor(value) for name, value in state.items()})
    assert {name: value.numpy().tobytes() for name, value in module.state_dict().items()} == {
        name: value.tobytes() for name, value in state.items()
    }
    inputs = noise(graph)
    assert close(outputs_of(module, inputs), run_network_float32(graph, inputs))


def test_the_source_alone_gives_the_bits_of_the_module(tmp_path: Path) -> None:
    graphs: list[LayerGraph] = []

    @settings(often, max_examples=2, database=None)
    @given(st.data())
    def draw(kind: str, data: st.DataObject) -> None:
        graphs.append(drawn_freely(data, kind))

    for kind in STEPS:
        draw(kind)
    for name in every_kind.NETWORKS:
        graphs.append(graph_from_module(every_kind.made(name), [Input("image", every_kind.SIZE)]))
    runs = [written(graph, tmp_path / str(i)) for i, graph in enumerate(graphs)]
    kinds = {layer.kind for run in runs for layer in run.plan.layers}
    assert kinds >= set(STEPS)
    inputs = [noise(graph) for graph in graphs]
    torch.set_num_threads(1)
    for run, given_to, found in zip(
        runs, inputs, outputs_of_source([run.folder for run in runs], inputs), strict=True
    ):
        expected = outputs_of(build_imported(run), given_to)
        assert [x.tobytes() for x in found] == [x.tobytes() for x in expected], run.folder


def test_an_output_may_be_an_input_of_others_and_may_be_used_twice() -> None:
    weights = {
        "Weights": Array(np.eye(4, dtype=np.float32), ""),
        "Bias": Array(np.ones(4, np.float32), ""),
    }
    graph = LayerGraph(
        (Input("features", (4,)),),
        (
            Layer("fc", "FullyConnectedLayer", ("features",), {}, weights),
            Layer("sum", "AdditionLayer", ("fc", "fc")),
        ),
        (Output("fc", "y0"), Output("sum", "y1")),
    )
    plan = plan_of(graph)
    state = {name: as_tensor(value) for name, value in state_of(graph, plan).items()}
    first, second = outputs_of(build_network(plan, state), [np.zeros((2, 4), np.float32)])
    assert first.tolist() == [[1] * 4] * 2
    assert second.tolist() == [[2] * 4] * 2


def small() -> tuple[NetworkPlan, dict[str, np.ndarray]]:
    weights = {
        "Weights": Array(np.ones((2, 4), np.float32), ""),
        "Bias": Array(np.ones(2, np.float32), ""),
    }
    fc = Layer("fc", "FullyConnectedLayer", ("features",), {}, weights)
    graph = LayerGraph((Input("features", (4,)),), (fc,), (Output("fc", "y"),))
    plan = plan_of(graph)
    return plan, state_of(graph, plan)


def test_weights_that_are_missing_or_of_another_type_are_refused() -> None:
    plan, state = small()
    for wrong in (
        {"fc.weight": state["fc.weight"]},
        {**state, "fc.weight": state["fc.weight"].astype(np.float64)},
        {**state, "fc.weight": state["fc.weight"][:1]},
    ):
        with pytest.raises(UserError, match="Import the file again"):
            graph_of(plan, wrong)
