"""Which layer is named as the first that differs."""

from __future__ import annotations

from dataclasses import replace

import results

from cifarx.verify.findings.audit import Added
from cifarx.verify.findings.divergence import Divergence, first_divergence
from cifarx.verify.findings.engine import EngineReport

LAYERS = results.names("conv1", "relu1", "fc")
AUDIT = results.sound().audits[0]


def engine(*ratios: float) -> EngineReport:
    report = results.sound().engines[1]
    return replace(report, layers=results.findings(LAYERS, *ratios))


def named(divergence: Divergence | None) -> tuple[str, str, str, float | None]:
    assert divergence is not None
    return divergence.engine, divergence.found_by, divergence.layer, divergence.ratio


def test_nothing_differs() -> None:
    assert first_divergence(LAYERS, [AUDIT], [engine(0.5, 0.0, 1.0)]) is None


def test_the_order_of_the_network_decides() -> None:
    divergence = first_divergence(LAYERS, [AUDIT], [engine(0.5, 2.0, 100.0)])
    assert named(divergence) == ("onnxruntime", "local check", "relu1", 2.0)
    early = replace(AUDIT, faulty=("conv1",))
    divergence = first_divergence(LAYERS, [early], [engine(0.5, 2.0, 100.0)])
    assert named(divergence) == ("onnxruntime", "weights", "conv1", 0.5)


def test_a_local_check_comes_before_the_audit_of_the_same_layer() -> None:
    divergence = first_divergence(LAYERS, [replace(AUDIT, faulty=("fc",))], [engine(0, 0, 3.0)])
    assert named(divergence) == ("onnxruntime", "local check", "fc", 3.0)


def test_the_audit_of_a_mat_file_names_the_engine_that_runs_it() -> None:
    audit = replace(AUDIT, file="model.mat", faulty=("fc",), layer_faults=("fc is missing",))
    assert named(first_divergence(LAYERS, [audit], [])) == ("octave", "layers", "fc", None)


def test_an_added_layer_comes_before_the_one_that_follows_it() -> None:
    audit = replace(AUDIT, added=(Added("extra", "/extra", "relu1"),), faulty=("relu1",))
    divergence = first_divergence(LAYERS, [audit], [])
    assert named(divergence)[2] == "extra"
    last = replace(AUDIT, added=(Added("extra", "", ""),))
    divergence = first_divergence(LAYERS, [last], [engine(0, 0, 0)])
    assert divergence is not None
    assert (divergence.onnx_node, divergence.matlab_layer) == ("", "extra")


def test_the_line_has_every_name_and_the_ratio() -> None:
    divergence = first_divergence(LAYERS, [], [engine(12.5, 0, 0)])
    assert divergence is not None
    line = divergence.check().line()
    for part in ("FAILED", "layer conv1", "'net.conv1'", "'/conv1'", "local check", "12", "bound"):
        assert part in line
