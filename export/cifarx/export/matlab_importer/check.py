"""Predict what MATLAB's importNetworkFromONNX makes of an ONNX file, from public records.

MATLAB is not run: every judgement rests on a rule with its sources (`knowledge`). If no record
exists, the outcome is 'unknown', never 'built-in'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx

from cifarx.export.from_onnx.light_graph import LightGraph, LightNode
from cifarx.export.matlab_importer.call import call, namespace
from cifarx.export.matlab_importer.conditions import CONDITIONS
from cifarx.export.matlab_importer.findings import Finding, findings
from cifarx.export.matlab_importer.knowledge import (
    CLEAN,
    OUTCOMES,
    Ceiling,
    Citation,
    Rule,
    ceiling,
    citation,
    releases_of,
    rules,
)
from cifarx.export.matlab_importer.open_file import load_unchecked


@dataclass(frozen=True)
class NodeVerdict:
    """The predicted outcome for one node."""

    name: str
    operator: str
    """With the domain in front if that is not ONNX's own."""
    module: str
    """Path of the PyTorch module, '' if the file does not say."""
    outcome: str
    """One of OUTCOMES; the least welcome one of several releases."""
    layer: str
    """Class of the MATLAB layer, '' if unknown."""
    why: str
    remedy: str
    sources: tuple[Citation, ...]
    better: str
    """From which release on the outcome is better, and which; '' if it is not."""


@dataclass(frozen=True)
class ImporterReport:
    """The predicted outcome for a whole file."""

    name: str
    release: str | None
    """The MATLAB release that was asked for; None for all of `releases`."""
    releases: tuple[str, ...]
    opset: int | None
    ir_version: int
    nodes: tuple[NodeVerdict, ...]
    findings: tuple[Finding, ...]
    call: str
    """To paste into MATLAB."""
    namespace: str
    """The namespace where MATLAB puts generated layers."""

    def counts(self) -> dict[str, int]:
        """Number of nodes by outcome, for every outcome."""
        found = Counter(node.outcome for node in self.nodes)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def layers(self) -> int:
        """Number of nodes that become a layer of any sort: all except constants."""
        return len(self.nodes) - self.counts()["no layer"]

    @property
    def built_in_share(self) -> float:
        """Share of the nodes that become layers whose layer is built-in: 0 to 1."""
        return self.counts()["built-in"] / self.layers if self.layers else 0.0

    @property
    def clean(self) -> bool:
        """Every node becomes a built-in layer or none, and no finding is a warning or an error."""
        good = all(node.outcome in CLEAN for node in self.nodes) and self.layers > 0
        return good and all(finding.level == "ok" for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 if clean, else 1."""
        return 0 if self.clean else 1

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values; docs/import-check.md describes them."""
        return {
            "file": self.name,
            "matlab": self.release,
            "releases": list(self.releases),
            "clean": self.clean,
            "exit_code": self.exit_code,
            "opset": self.opset,
            "ir_version": self.ir_version,
            "counts": self.counts(),
            "layers": self.layers,
            "nodes": [asdict(node) for node in self.nodes],
            "findings": [asdict(finding) for finding in self.findings],
            "call": self.call,
            "namespace": self.namespace,
        }


def check_matlab_import_of_file(path: Path, release: str | None = None) -> ImporterReport:
    """Predict the import of an ONNX file; side files with weights are not opened.

    Raises:
        UserError: the file cannot be read, or the release is unknown.
    """
    releases_of(release)  # report a mistake here before a large file is read
    return check_matlab_import(load_unchecked(path), path.name, release)


def check_matlab_import(
    model: onnx.ModelProto, name: str, release: str | None = None
) -> ImporterReport:
    """Predict the import of a model.

    Args:
        model: need not be valid.
        name: of the file, such as 'model.onnx'.
        release: of MATLAB, such as 'R2024b'; None for what holds in all known releases.

    Raises:
        UserError: the release is unknown.
    """
    releases = releases_of(release)
    graph = LightGraph(model)
    return ImporterReport(
        name=name,
        release=releases[0] if release is not None else None,
        releases=releases,
        opset=graph.opset,
        ir_version=model.ir_version,
        nodes=tuple(_judge(node, releases) for node in graph.nodes),
        findings=tuple(findings(graph, name, releases)),
        call=call(graph, name, releases),
        namespace=namespace(name),
    )


def _judge(node: LightNode, releases: tuple[str, ...]) -> NodeVerdict:
    """The least welcome outcome of all releases, and from which release on it is better."""
    by_release = {release: _rule(node, release) for release in releases}
    worst = max(by_release.values(), key=_rank)  # the first of equals
    proto = node.proto
    return NodeVerdict(
        name=proto.name or next(filter(None, proto.output), ""),
        operator=node.operator,
        module=node.module,
        outcome=worst.outcome,
        layer=worst.layer,
        why=worst.why,
        remedy=worst.remedy,
        sources=worst.sources,
        better=_better(by_release, worst),
    )


def _rank(rule: Rule) -> int:
    return OUTCOMES.index(rule.outcome)


def _rule(node: LightNode, release: str) -> Rule:
    names = {node.operator, "*"}
    first = next(
        rule
        for rule in rules()
        if names & set(rule.operators)
        and release in rule.releases
        and all(CONDITIONS[condition](node) for condition in rule.when)
    )
    return first if _version_is_covered(node, first, ceiling(release)) else _too_new(node, release)


def _version_is_covered(node: LightNode, rule: Rule, limit: Ceiling) -> bool:
    """Whether MATLAB reads the operator's own version without a warning.

    A file of opset 17 may use only operators that have not changed since opset 14; the recorded
    imports of such files succeeded.
    """
    if rule.outcome not in ("built-in", "add-on"):
        return True
    version = _operator_version(node)
    return version is not None and version <= limit.newest_opset


def _operator_version(node: LightNode) -> int | None:
    """The opset that introduced the operator in the form that the file uses."""
    opset = node.graph.opset
    if opset is None:
        return None
    try:
        schema = onnx.defs.get_schema(node.proto.op_type, opset, "")
    except onnx.defs.SchemaError:
        return None
    return int(schema.since_version)


def _too_new(node: LightNode, release: str) -> Rule:
    version, limit = _operator_version(node), ceiling(release)
    form = "of an unknown opset" if version is None else f"in the form of opset {version}"
    return Rule(
        operators=(node.operator,),
        when=(),
        outcome="unknown",
        layer="",
        why=f"{node.operator} {form}; opset {limit.newest_opset} is the newest that MATLAB is "
        "recorded to read without a warning",
        remedy="Export with torch.onnx.export(dynamo=False, opset_version=14), or rewrite the "
        "file with 'cifarx export FILE.onnx'.",
        sources=(*limit.sources, citation("infer")),
        releases=limit.releases,
    )


def _better(by_release: Mapping[str, Rule], worst: Rule) -> str:
    for release, rule in by_release.items():
        later = list(by_release.values())[list(by_release).index(release) :]
        if all(_rank(other) < _rank(worst) for other in later):
            return f"from {release} on {rule.outcome}" + (f", {rule.layer}" if rule.layer else "")
    return ""
