"""Rung 0: every weight in the files against the checkpoint, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from cifarx.export.mat_reader import MatFile
from cifarx.verify.checks import Check, judged
from cifarx.verify.subject import Subject, sources

Tensors = Mapping[str, NDArray[Any]]
_NAMED = 5  # tensors named in a line; the report has them all


@dataclass(frozen=True)
class FileTensor:
    """One array of a file under test."""

    name: str
    """As the file calls it."""
    source: str
    """The tensor of the checkpoint it is said to be; '' for zeros that the exporter made up."""
    value: NDArray[Any]


@dataclass(frozen=True)
class Audit:
    """What became of one file's arrays."""

    file: str
    against: str
    equal: int
    total: int
    differing: tuple[str, ...]
    """Names as the file has them, with what is wrong."""
    unaccounted: tuple[str, ...]
    """In the file, but from nowhere."""
    missing: tuple[str, ...]
    """In the checkpoint, but not in the file."""

    @property
    def passed(self) -> bool:
        return self.total > 0 and self.equal == self.total and not self.missing

    def check(self) -> Check:
        faults = [
            f"{word}: {_listed(names)}"
            for word, names in (
                ("differing", self.differing),
                ("from nowhere", self.unaccounted),
                ("missing", self.missing),
            )
            if names
        ]
        counted = f"{self.file} {self.equal}/{self.total} tensors equal {self.against} bit for bit"
        return judged(self.passed, "weights", "; ".join([counted, *faults]))


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def audit(subject: Subject) -> list[Audit]:
    """Audit model.onnx and model.mat against the run, or against each other where there is none."""
    onnx_name = subject.onnx_path.name
    onnx_tensors = _onnx_tensors(subject.onnx)
    if subject.run is not None:
        truth: Tensors = _floats(subject.run.state())
        audits = [_compare(onnx_name, onnx_tensors, "the checkpoint", truth)]
        if subject.mat is not None:
            tensors = _mat_tensors(subject.mat)
            audits.append(_compare(subject.mat_path.name, tensors, "the checkpoint", truth))
        return audits
    assert subject.mat is not None
    truth = {t.source: t.value for t in _mat_tensors(subject.mat) if t.source}
    return [_compare(onnx_name, onnx_tensors, subject.mat_path.name, truth)]


def _floats(state: Tensors) -> Tensors:
    """The checkpoint without batch norm's step counters, which no layer computes with."""
    return {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}


def _onnx_tensors(model: onnx.ModelProto) -> list[FileTensor]:
    named = sources(model)
    options = {
        node.input[1]
        for node in model.graph.node
        if node.op_type == "Dropout" and len(node.input) > 1
    }
    return [
        FileTensor(t.name, named.get(t.name, t.name), numpy_helper.to_array(t))
        for t in model.graph.initializer
        if t.name not in options  # a dropout rate is an option, not a weight
    ]


def _mat_tensors(mat: MatFile) -> list[FileTensor]:
    """The arrays in PyTorch's axes."""
    return [
        FileTensor(f"{layer}.{key}", array.source, array.value)
        for (layer, key), array in mat.graph.arrays().items()
    ]


def _compare(file: str, tensors: list[FileTensor], against: str, truth: Tensors) -> Audit:
    differing, unaccounted, used = [], [], set()
    for tensor in tensors:
        if not tensor.source:
            if np.any(tensor.value):
                unaccounted.append(tensor.name)
        elif tensor.source not in truth:
            unaccounted.append(tensor.name)
        else:
            used.add(tensor.source)
            if difference := _difference(tensor.value, truth[tensor.source]):
                differing.append(f"{tensor.name} ({difference})")
    equal = len(tensors) - len(differing) - len(unaccounted)
    missing = tuple(sorted(truth.keys() - used))
    return Audit(file, against, equal, len(tensors), tuple(differing), tuple(unaccounted), missing)


def _difference(found: NDArray[Any], wanted: NDArray[Any]) -> str:
    """'' for the same bits, else how they differ."""
    if found.dtype != wanted.dtype or found.shape != wanted.shape:
        return f"{found.dtype} {found.shape} for {wanted.dtype} {wanted.shape}"
    a, b = np.ascontiguousarray(found), np.ascontiguousarray(wanted)
    if a.tobytes() == b.tobytes():
        return ""
    unequal = np.any(_bytes(a) != _bytes(b), axis=1)
    with np.errstate(invalid="ignore"):
        largest = np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)))
    return f"{np.count_nonzero(unequal)} of {a.size} values, by up to {largest:.2g}"


def _bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8).reshape(array.size, -1)
