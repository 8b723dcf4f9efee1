"""Read NAME.matlab-result.mat, which `cifarx.verify` writes in MATLAB or Octave beside NAME.mat.

The file holds the outputs of a runtime for the test batch in NAME.mat. Its outputs are judged here
like those of any engine; its own verdict is not read. The file is not trusted: the class and size
of everything in it are checked before use.
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
from scipy.io import loadmat

from cifarx.export.mat.reader import MatFile
from cifarx.export.mat.writer import matlab_layers
from cifarx.export.network import layout
from cifarx.pytorch_models.errors import EngineError, EngineMissingError, OtherFilesError
from cifarx.verify.engines.choose import unusable
from cifarx.verify.exchange.matlab_result_sizes import output_name, require_sizes
from cifarx.verify.findings.contract import Contract
from cifarx.verify.findings.divergence import Names
from cifarx.verify.findings.engine import MATLAB_RESULT, EngineReport
from cifarx.verify.ladder.logits import Truth, judge_outputs, make_truth
from cifarx.verify.subject.files_and_run import Subject

FORMAT = "cifarx-matlab-result"
VERSION = 2
_RUNTIME = re.compile(r"(matlab R\d{4}[ab]|octave \d+(\.\d+){1,2})")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class MatlabResult:
    """The content of the file, checked to belong to the model.mat beside it."""

    path: Path
    runtime: str
    """Name and release, such as 'matlab R2024b'."""
    outputs: tuple[NDArray[np.float32], ...]
    """(N, ...) float32 per output, for the test batch of model.mat."""
    ratios: NDArray[np.float64]
    """(L,) float64: error over bound of each layer of model.mat, as judged there."""
    layers: tuple[str, ...]
    """Names of these layers."""
    layer_images: int
    """Number of images on which the layers were judged."""
    normalized_alike: bool
    """Whether the images, normalised there, equal those in model.mat bit for bit."""

    def report(self, truth: Truth, names: Sequence[Names]) -> EngineReport:
        """Judge the outputs; the layers keep the ratios computed there, from the activations.

        Args:
            truth: the truth for the test batch of model.mat.
            names: names of the layers of the original.
        """
        runtime = f"{self.runtime}, from {self.path.name}"
        by_name = dict(zip(self.layers, self.ratios.tolist(), strict=True))
        findings = [n.finding(by_name[n.matlab_layer]) for n in names if n.matlab_layer in by_name]
        return EngineReport(
            MATLAB_RESULT,
            runtime,
            judge_outputs(self.outputs, truth),
            "",
            layers=tuple(findings),
            layers_in_all=len(names),
            layer_images=self.layer_images,
        )


def result_path(subject: Subject) -> Path:
    """Return the path where `cifarx.verify` writes its result."""
    return subject.mat_path.with_suffix(".matlab-result.mat")


def truth_of_batch(subject: Subject) -> Truth:
    """Return the truth for the test batch, from the reference outputs in model.mat."""
    assert subject.mat is not None
    batch = subject.mat.batch
    return make_truth(
        batch.references,
        batch.outputs,
        f"{subject.mat_path.name}'s reference",
        task=subject.task,
        names=subject.output_names,
    )


def read_result(subject: Subject) -> MatlabResult:
    """Read the result file beside model.mat.

    Raises:
        EngineMissingError: the result file or model.mat is missing.
        EngineError: the result is damaged or belongs to other files; the text says what to do.
    """
    path, mat = result_path(subject), subject.mat
    if not path.exists():
        raise EngineMissingError(f"there is no {path.name} beside {subject.onnx_path.name}")
    if mat is None:
        raise EngineMissingError(f"{path.name} needs {subject.mat_path.name}, which is not here")
    advice = f"Run cifarx.verify('{subject.mat_path.name}') again, or remove the file."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            require_sizes(path, mat)
            content = loadmat(path)
        _require_same(content, subject, mat)
        return _interpret(path, content, mat)
    except OtherFilesError as error:
        raise EngineError(f"{path.name} is stale: {error}. {advice}") from error
    except Exception as error:  # scipy's parser raises many kinds
        text = "".join(c if c.isprintable() else "?" for c in str(error))  # it may quote the file
        raise EngineError(
            f"{path.name} is damaged or not a result of cifarx.verify: {text[:300]}. {advice}"
        ) from error


def take_result(
    subject: Subject, asked: Sequence[str] | None
) -> MatlabResult | EngineReport | None:
    """Return the result of `cifarx.verify` from another machine, or why it cannot be used.

    Without --engines the result is used if it exists; with --engines, if it is named there.

    Raises:
        UserError: --engines names it, but it is missing.
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
    """Add a fault to the contract if the images were normalised differently there."""
    if result.normalized_alike:
        return contract
    fault = f"{result.runtime} in {result.path.name} normalises the images differently from python"
    return replace(contract, faults=(*contract.faults, fault), meaning_changed=True)


def _require_same(content: Mapping[str, Any], subject: Subject, mat: MatFile) -> None:
    """Check that the digests are those of the files here."""
    form = content["format"][0, 0]
    if _text(form["name"]) != FORMAT:
        raise ValueError(f"its format.name is not '{FORMAT}'")
    if (version := float(form["version"].item())) > VERSION:
        raise ValueError(f"it has version {version:g}; this cifarx reads versions up to {VERSION}")
    _, arrays = matlab_layers(mat.graph)
    here = {
        "model_sha256": (subject.mat_path.name, subject.sha256[subject.mat_path.name]),
        "arrays_sha256": ("network", arrays),
        "inputs_sha256": ("test batch", _inputs_sha256(mat)),
    }
    for key, (what, digest) in here.items():
        given = _text(content[key])
        if not _SHA256.fullmatch(given):
            raise ValueError(f"{key} is not a SHA-256")
        if given != digest:
            raise OtherFilesError(
                f"it belongs to another {what} (SHA-256 {given[:12]}…, here {digest[:12]}…)"
            )


def _interpret(path: Path, content: Mapping[str, Any], mat: MatFile) -> MatlabResult:
    runtime = _text(content["runtime"])
    if not _RUNTIME.fullmatch(runtime):
        raise ValueError("its runtime is not a release of MATLAB or Octave")
    layers = mat.graph.layers
    names = [_text(cell) for cell in content["layer_names"].ravel()]
    if names != [layer.name for layer in layers]:
        raise OtherFilesError("its layers have different names")
    ratios = content["layer_ratios"].ravel()
    if ratios.dtype != np.float64 or np.isnan(ratios).any() or (ratios < 0).any():
        raise ValueError("layer_ratios are not numbers of at least 0")
    judged = float(content["layer_images"].item())
    if not 1 <= judged <= mat.batch.count or not judged.is_integer():
        raise ValueError("layer_images does not fit the number of test images")
    outputs = []
    for i, shape in enumerate(mat.graph.output_shapes()):
        values = content[output_name(mat, i)]
        if values.dtype != np.float32:
            raise ValueError(f"{output_name(mat, i)} are {values.dtype}")
        outputs.append(np.ascontiguousarray(layout.from_matlab(values, shape)))
    normalized = _text(content["normalized_sha256"])
    return MatlabResult(
        path=path,
        runtime=runtime,
        outputs=tuple(outputs),
        ratios=ratios,
        layers=tuple(names),
        layer_images=int(judged),
        normalized_alike=normalized == (_inputs_sha256(mat) if mat.card.mean else ""),
    )


def _inputs_sha256(mat: MatFile) -> str:
    digest = hashlib.sha256()
    for given in mat.batch.inputs:
        values = layout.to_matlab(given).astype("<f4", copy=False)
        digest.update(values.tobytes(order="F"))
    return digest.hexdigest()


def _text(value: Any) -> str:
    """Return the text of a char array; anything else is an error."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "U" or value.size > 1:
        raise ValueError("text is not char")
    return str(value.item()) if value.size else ""
