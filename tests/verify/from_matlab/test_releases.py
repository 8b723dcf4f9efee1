"""Files as each release of MATLAB writes them become PyTorch networks with the same weights."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from matlab_releases import RELEASES, as_release_exports
from random_networks import random_bundle

from cifarx.export.bundle import Bundle
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.imported.folder import load_imported
from cifarx.verify.findings.check import Outcome
from cifarx.verify.from_matlab.make_network import import_network
from cifarx.verify.from_matlab.make_run import ImportOptions

FAMILIES = (
    "alexnet",
    "bn",
    "cnn3",
    "fashion",
    "lenet",
    "mlp",
    "mnist",
    "plain",
    "transfer",
    "wide",
)
MEANS = ((), (0.0, 0.0, 0.0), (0.4, 0.5, 0.6))


@pytest.fixture(scope="module", params=FAMILIES)
def network(request: pytest.FixtureRequest) -> Bundle:
    """A small network of the zoo with random weights."""
    spec = registry.find(f"{request.param}-tiny")
    return random_bundle(spec.builder, spec.name, spec.input_size)


def tensors(arrays: list[np.ndarray]) -> Counter[bytes]:
    return Counter(np.ascontiguousarray(x).tobytes() for x in arrays)


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_of_every_family(
    network: Bundle, release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours = onnx.ModelProto.FromString(
        b"".join(onnx_from_graph(network.graph, network.card).chunks())
    )
    for i, mean in enumerate(MEANS):
        mean = mean[: network.graph.inputs[0].shape[0]]
        onnx.save(as_release_exports(ours, release, mean=mean), "net.onnx")
        found = import_network(ImportOptions(Path("net.onnx"), f"net{i}"))
        assert found.check.outcome is Outcome.PASSED
        run = load_imported(Path("runs") / f"net{i}")
        state = {n: x for n, x in run.state().items() if not n.endswith("num_batches_tracked")}
        scalings = [la.name for la in run.plan.layers if la.kind == "ScalingLayer"]
        assert len(scalings) == bool(mean)
        if mean and not any(mean) and not RELEASES[release].whole_mean:
            offset = state[f"{scalings[0]}.offset"]
            assert not np.signbit(offset).any()
        weights = [x for n, x in state.items() if n.rpartition(".")[0] not in scalings]
        assert tensors(weights) == tensors([a.value for a in network.graph.arrays().values()])
        kinds = {la.kind for la in run.plan.layers}
        assert "SoftmaxLayer" in kinds
