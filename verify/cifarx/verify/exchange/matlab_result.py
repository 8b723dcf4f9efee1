"""What `cifarx.verify` wrote on another machine: NAME.matlab-result.mat beside NAME.mat.

The file says what a runtime gave for the test batch in NAME.mat. Its logits are judged here as
those of any engine; its own verdict is not read. It comes from elsewhere, so that class and size of
everything in it are checked before it is used.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat, whosmat

from cifarx.export.mat.reader import MatFile
from cifarx.export.mat.writer import matlab_layers
from cifarx.export.network import layout
from cifarx.pytorch_models.errors import EngineError, EngineMissingError, OtherFilesError
from cifarx.verify.engines.choose import unusable
from cifarx.verify.findings.contract import Contract
from cifarx.verify.findings.divergence import Names
from cifarx.verify.findings.engine import MATLAB_RESULT, EngineReport
from cifarx.verify.ladder.logits import Truth, judge_logits, make_truth
from cifarx.verify.subject.files_and_run import Subject

FORMAT = "cifarx-matlab-result"
VERSION = 1
_RUNTIME = re.compile(r"(matlab R\d{4}[ab]|octave \d+(\.\d+){1,2})")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class MatlabResult:
    """What the file holds, known to belong to the model.mat beside it."""

    path: Path
    runtime: str
    logits: NDArray[np.float32]
    """(N, K), for the test batch of model.mat."""
    ratios: NDArray[np.float64]
    """(L,) of the layers of model.mat, as they were judged there."""
    layers: tuple[str, ...]
    """Their names."""
    layer_images: int
    """That the layers were judged on."""
    normalized_alike: bool
    """Whether the images, normalised there, have the bits that they have in model.mat."""

    def report(self, truth: Truth, names: Sequence[Names]) -> EngineReport:
        """The logits, judged; the layers as they were judged there, where floats were at hand.

        Args:
            truth: of model.mat's batch.
            names: of the original's layers.
        """
        runtime = f"{self.runtime}, from {self.path.name}"
        by_name = dict(zip(self.layers, self.ratios.tolist(), strict=True))
        findings = [n.finding(by_name[n.matlab_layer]) for n in names if n.matlab_layer in by_name]
        return EngineReport(
            MATLAB_RESULT,
            runtime,
            judge_logits(self.logits, truth),
            "",
            layers=tuple(findings),
            layers_in_all=len(names),
            layer_images=self.layer_images,
        )


def result_path(subject: Subject) -> Path:
    """Where `cifarx.verify` puts its result."""
    return subject.mat_path.with_suffix(".matlab-result.mat")


def truth_of_batch(mat: MatFile, name: str) -> Truth:
    """What the logits should be, by the reference in model.mat."""
    return make_truth(mat.batch.reference, mat.batch.logits, f"{name}'s reference")


def read_result(subject: Subject) -> MatlabResult:
    """Read the result file beside model.mat.

    Raises:
        EngineMissingError: there is none, or no model.mat.
        EngineError: it is damaged, or of other files; the text says what to do.
    """
    path, mat = result_path(subject), subject.mat
    if not path.exists():
        raise EngineMissingError(f"there is no {path.name} beside {subject.onnx_path.name}")
    if mat is None:
        raise EngineMissingError(f"{path.name} is of a {subject.mat_path.name} that is not here")
    advice = f"Run cifarx.verify('{subject.mat_path.name}') there again, or remove the file."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _require_sizes(path, mat)
            content = loadmat(path)
        _require_same(content, subject, mat)
        return _interpret(path, content, mat)
    except OtherFilesError as error:
        raise EngineError(f"{path.name} is stale: {error}. {advice}") from error
    except Exception as error:  # scipy raises whatever its parser stumbles over
        text = "".join(c if c.isprintable() else "?" for c in str(error))  # it may quote the file
        raise EngineError(
            f"{path.name} is damaged or no result of cifarx.verify: {text[:300]}. {advice}"
        ) from error


def take_result(
    subject: Subject, asked: Sequence[str] | None
) -> MatlabResult | EngineReport | None:
    """What `cifarx.verify` found on another machine, or why that cannot be used.

    Without --engines it is taken where it lies; with it, where it is named.
    """
    wanted = result_path(subject).exists() if asked is None else MATLAB_RESULT in asked
    if not wanted:
        return None
    try:
        return read_result(subject)
    except EngineMissingError as error:
        if asked is not None:
            raise unusable(MATLAB_RESULT, error) from error
        return EngineReport(MATLAB_RESULT, MATLAB_RESULT, None, str(error))
    except EngineError as error:
        return EngineReport(MATLAB_RESULT, MATLAB_RESULT, None, str(error), broke_down=True)


def joined(contract: Contract, result: MatlabResult) -> Contract:
    """The contract with what the result says of how images are normalised there."""
    if result.normalized_alike:
        return contract
    fault = (
        f"{result.runtime} in {result.path.name} normalises the images to other numbers than python"
    )
    return replace(contract, faults=(*contract.faults, fault), meaning_changed=True)


def _require_sizes(path: Path, mat: MatFile) -> None:
    """Compare classes and sizes of its variables, before any is read."""
    count, classes = mat.batch.reference.shape
    layers = len(mat.graph.layers)
    row = ("char", ((1,),))  # of any length: scipy counts the rows of text
    wanted: dict[str, tuple[str, tuple[tuple[int, ...], ...]]] = {
        "format": ("struct", ((1, 1),)),
        "runtime": row,
        "model_sha256": row,
        "arrays_sha256": row,
        "inputs_sha256": row,
        "normalized_sha256": ("char", ((1,), (0,))),
        "logits": ("single", ((classes, count),)),
        "layer_names": ("cell", ((1, layers),)),
        "layer_ratios": ("double", ((1, layers),)),
        "layer_images": ("double", ((1, 1),)),
    }
    largest = 2**20 + 2**12 * layers + 8 * count * classes
    if (size := path.stat().st_size) > largest:
        raise ValueError(f"it has {size} bytes, and would have {largest} at most")
    found = {name: (kind, shape) for name, shape, kind in whosmat(path)}
    for name, (kind, shapes) in wanted.items():
        if name not in found:
            raise ValueError(f"it has no variable {name}")
        has, shape = found[name]
        if has != kind:
            raise ValueError(f"{name} is {has}, not {kind}")
        if shape not in shapes and name in ("logits", "layer_names", "layer_ratios"):
            raise OtherFilesError(f"its {name} are {_by(shape)}, not {_by(shapes[0])}")
        if shape not in shapes:
            raise ValueError(f"{name} is {_by(shape)}, not {_by(shapes[0])}")


def _require_same(content: Mapping[str, Any], subject: Subject, mat: MatFile) -> None:
    """Compare the digests with those of the files here."""
    form = content["format"][0, 0]
    if _text(form["name"]) != FORMAT:
        raise ValueError(f"its format.name is not '{FORMAT}'")
    if (version := float(form["version"].item())) > VERSION:
        raise ValueError(f"it is of version {version:g}; this cifarx reads up to {VERSION}")
    _, arrays = matlab_layers(mat.graph)
    here = {
        "model_sha256": (subject.mat_path.name, subject.sha256[subject.mat_path.name]),
        "arrays_sha256": ("network", arrays),
        "inputs_sha256": ("test batch", _inputs_sha256(mat)),
    }
    for key, (what, wanted) in here.items():
        found = _text(content[key])
        if not _SHA256.fullmatch(found):
            raise ValueError(f"{key} is no SHA-256")
        if found != wanted:
            raise OtherFilesError(
                f"it is of another {what} (SHA-256 {found[:12]}…, here {wanted[:12]}…)"
            )


def _interpret(path: Path, content: Mapping[str, Any], mat: MatFile) -> MatlabResult:
    runtime = _text(content["runtime"])
    if not _RUNTIME.fullmatch(runtime):
        raise ValueError("its runtime is neither a release of MATLAB nor of Octave")
    layers = mat.graph.layers
    names = [_text(cell) for cell in content["layer_names"].ravel()]
    if names != [layer.name for layer in layers]:
        raise OtherFilesError("its layers have other names")
    ratios = content["layer_ratios"].ravel()
    if ratios.dtype != np.float64 or np.isnan(ratios).any() or (ratios < 0).any():
        raise ValueError("layer_ratios are not numbers from 0")
    judged = float(content["layer_images"].item())
    if not 1 <= judged <= len(mat.batch.inputs) or not judged.is_integer():
        raise ValueError("layer_images is not a number of its test images")
    logits = content["logits"]
    if logits.dtype != np.float32:
        raise ValueError(f"logits are {logits.dtype}")
    normalized = _text(content["normalized_sha256"])
    return MatlabResult(
        path=path,
        runtime=runtime,
        logits=np.ascontiguousarray(layout.features_from_matlab(logits)),
        ratios=ratios,
        layers=tuple(names),
        layer_images=int(judged),
        normalized_alike=normalized == (_inputs_sha256(mat) if mat.card.mean else ""),
    )


def _inputs_sha256(mat: MatFile) -> str:
    values = layout.images_to_matlab(mat.batch.inputs).astype("<f4", copy=False)
    return hashlib.sha256(values.tobytes(order="F")).hexdigest()


def _text(value: Any) -> str:
    """Char; anything else is an error."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "U" or value.size > 1:
        raise ValueError("text is not char")
    return str(value.item()) if value.size else ""


def _by(shape: tuple[int, ...]) -> str:
    return "-by-".join(map(str, shape))
