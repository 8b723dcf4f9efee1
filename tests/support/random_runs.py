"""Runs with random weights, and their layers read by PyTorch's exporter once a network.

A training and an export each take seconds; what `verify` is tested on needs neither anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from cifarx.export.from_torch import reader as torch_reader
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.layer import Array, Layer
from cifarx.pytorch_models.data.split import split_data
from cifarx.pytorch_models.files import sha256, write_bytes, write_text
from cifarx.pytorch_models.plan import TrainOptions, make_plan
from cifarx.pytorch_models.preprocess import pixel_units
from cifarx.pytorch_models.registry import find
from cifarx.pytorch_models.run import RECORD, WEIGHTS, DataRecord, Run, RunRecord, load_run
from cifarx.verify.engines import pytorch

_Read = Callable[[nn.Module, Sequence[Input]], LayerGraph]


def random_run(network: str, folder: Path, seed: int = 0, limit: int = 100) -> Run:
    """A run of `limit` shapes that were never trained on; its batch norms have seen noise.

    Args:
        network: of the zoo.
        folder: where the run goes.
        seed: of the weights.
        limit: training images; a fifth of them are for testing.
    """
    spec = find(network)
    data = "shapes" if spec.input_size[0] == 3 else "shapes-grey"
    plan = make_plan(
        TrainOptions(network, data, limit=limit, seed=seed, out=folder, weights="none")
    )
    parts = split_data(plan.data, plan.recipe, plan.limit)
    module = _initialized(network, len(plan.data.classes), seed)
    mean, std = (pixel_units(v, spec.input_size[0]) for v in (plan.recipe.mean, plan.recipe.std))
    folder.mkdir(parents=True)
    write_bytes(folder / WEIGHTS, save(module.state_dict()))
    record = RunRecord(
        model=network,
        recipe_name=plan.recipe_name,
        recipe=plan.recipe,
        classes=plan.data.classes,
        input_size=spec.input_size,
        mean=tuple(map(float, mean)),
        std=tuple(map(float, std)),
        data=DataRecord(
            name=plan.data.name,
            origin=plan.data.origin,
            root=plan.data.root,
            limit=limit,
            train_images=len(parts.train),
            test_images=len(parts.test),
            train_sha256="",
            test_sha256="",
        ),
        seed=seed,
        device="cpu",
        versions={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        weights_sha256=sha256(folder / WEIGHTS),
    )
    write_text(folder / RECORD, record.model_dump_json())
    return load_run(folder)


def _initialized(network: str, classes: int, seed: int) -> nn.Module:
    """Random weights; statistics are mostly those of noise, for signals not to die out."""
    torch.manual_seed(seed)
    spec = find(network)
    module = spec.builder(classes)
    norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
    for part in norms:
        part.momentum = 0.99
        nn.init.uniform_(part.weight, 0.5, 1.5)
        nn.init.normal_(part.bias, 0, 0.1)
    if norms:
        with torch.no_grad():
            module.train()(torch.randn(8, *spec.input_size))
    return module.eval()


def remember_graphs(
    patch: pytest.MonkeyPatch, remembered: dict[str, LayerGraph] | None = None
) -> None:
    """Have PyTorch's exporter read each network of the zoo once; others get their own arrays.

    Args:
        patch: undoes it.
        remembered: what was read; give the same again to go on.
    """
    known = {} if remembered is None else remembered
    real = torch_reader.graph_from_module

    def read(module: nn.Module, inputs: Sequence[Input]) -> LayerGraph:
        if any(part.training for part in module.modules()):
            return real(module, inputs)  # which refuses it
        key = f"{module} {inputs}"
        if key not in known:
            known[key] = _filled(real(module, inputs), module)
        return _filled(known[key], module)

    _replace(patch, read)


def _replace(patch: pytest.MonkeyPatch, read: _Read) -> None:
    patch.setattr(torch_reader, "graph_from_module", read)
    patch.setattr(pytorch, "graph_from_module", read)


def _filled(graph: LayerGraph, module: nn.Module) -> LayerGraph:
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}

    def array(old: Array) -> Array:
        if not old.source:
            return old
        return Array(np.array(state[old.source]).reshape(old.value.shape), old.source)

    def layer(old: Layer) -> Layer:
        return replace(old, arrays={key: array(value) for key, value in old.arrays.items()})

    return replace(graph, layers=tuple(map(layer, graph.layers)))
