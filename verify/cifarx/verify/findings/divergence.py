"""Locate the first difference: engine, PyTorch module, ONNX node and MATLAB layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cifarx.verify.findings.audit import Added, Audit
from cifarx.verify.findings.check import Check, judged
from cifarx.verify.findings.engine import EngineReport, LayerFinding
from cifarx.verify.findings.numbers import Number

_RUNNER = {".onnx": "onnxruntime", ".mat": "octave"}  # the engine that runs a file of this kind


@dataclass(frozen=True)
class Names:
    """The names of one layer; '' if it has none."""

    layer: str
    """Its name in the original network."""
    kind: str
    module: str
    onnx_node: str
    matlab_layer: str

    def finding(self, ratio: float, algorithm: str = "direct") -> LayerFinding:
        """Return the finding of a runtime on this layer; see `LayerFinding` for the arguments."""
        return LayerFinding(
            layer=self.layer,
            kind=self.kind,
            module=self.module,
            onnx_node=self.onnx_node,
            matlab_layer=self.matlab_layer,
            ratio=ratio,
            algorithm=algorithm,
        )


@dataclass(frozen=True)
class Divergence:
    """The first layer that differs from the original."""

    engine: str
    """The runtime that computes it wrongly, or that runs the file in which it is wrong."""
    found_by: str
    """'layers' or 'weights' (by the audit of a file), or 'local check'."""
    layer: str
    """Its name in the original network, or in the file if the original lacks it."""
    module: str
    onnx_node: str
    matlab_layer: str
    ratio: Number | None
    """The error of the layer over its bound in that engine; None if it was not judged."""

    def check(self) -> Check:
        """Return the line that names the layer."""
        names = {
            "module": self.module,
            "ONNX node": self.onnx_node,
            "MATLAB layer": self.matlab_layer,
        }
        known = ", ".join(f"{word} '{name}'" for word, name in names.items() if name)
        ratio = "" if self.ratio is None else f", {self.ratio:.2g} times the bound in {self.engine}"
        return judged(
            False,
            "first divergence",
            f"layer {self.layer}{f' ({known})' if known else ''}, found by {self.found_by}{ratio}",
        )


def first_divergence(
    layers: Sequence[Names], audits: Sequence[Audit], engines: Sequence[EngineReport]
) -> Divergence | None:
    """Return the first layer, in the order of the network, that a local check or an audit names.

    Local checks come before audits, because they measure the error. A layer that a file adds comes
    before the layer that follows it.
    """
    for names in layers:
        if added := _added(audits, names.layer):
            return added
        for engine in engines:
            for finding in engine.layers:
                if finding.layer == names.layer and not finding.passed:
                    return _divergence(names, engine.engine, "local check", finding.ratio)
        for audit in audits:
            if names.layer in audit.faulty:
                runner = _runner(audit)
                ratio = _ratio(engines, runner, names.layer)
                return _divergence(names, runner, audit.found_by, ratio)
    return _added(audits, "")


def _added(audits: Sequence[Audit], before: str) -> Divergence | None:
    for audit in audits:
        for added in audit.added:
            if added.before == before:
                return _of_file(audit, added)
    return None


def _of_file(audit: Audit, added: Added) -> Divergence:
    matlab = "" if added.onnx_node else added.layer
    layer, node = added.layer, added.onnx_node
    return Divergence(
        engine=_runner(audit),
        found_by=audit.found_by,
        layer=layer,
        module="",
        onnx_node=node,
        matlab_layer=matlab,
        ratio=None,
    )


def _runner(audit: Audit) -> str:
    return _RUNNER.get(audit.file[audit.file.rfind(".") :], audit.file)


def _ratio(engines: Sequence[EngineReport], engine: str, layer: str) -> float | None:
    ratios = (f.ratio for e in engines if e.engine == engine for f in e.layers if f.layer == layer)
    return next(ratios, None)


def _divergence(names: Names, engine: str, found_by: str, ratio: float | None) -> Divergence:
    return Divergence(
        engine=engine,
        found_by=found_by,
        layer=names.layer,
        module=names.module,
        onnx_node=names.onnx_node,
        matlab_layer=names.matlab_layer,
        ratio=ratio,
    )
