"""Give the faulty and sound cases of cifarx's tests to other ways of comparing.

    python benchmarks/tools.py [--seeds 5] [--foreign] [--sound NAME ...]

Each case is a run with random weights, a faulty or sound model.onnx, and 256 images; with --foreign
a network that the project did not write, its test batch, and PyTorch's outputs in model.mat. The
judges, each with its defaults:

- cifarx: `cifarx verify --engines pytorch,onnxruntime`, by its function; without pytorch where
  there is no run;
- Polygraphy: its comparator and its default `simple` function (rel 1e-5, abs 1e-5) over ONNX
  Runtime's outputs and PyTorch's, through the files that cifarx writes for it;
- torch.onnx: the thresholds by which `torch.onnx.export(..., verify=True)` warns (abs 5e-3, rel
  1e-1, of `torch.onnx.verification.VerificationInfo`), applied to the same outputs; the function
  itself takes a program in memory, not a file;
- numpy.allclose with its defaults (rtol 1e-5, atol 1e-8), with torch.testing.assert_close's 1.3e-6
  and 1e-5 for float32, and with the 1e-3 and 1e-5 of PyTorch's tutorial on ONNX;
- argmax: the predicted classes alone.

A file that the runtime rejects counts as caught by every judge. Only cifarx names the faulty layer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from polygraphy.comparator import Comparator, CompareFunc, RunResults
from polygraphy.logger import G_LOGGER
from torch.onnx.verification import VerificationInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from fault_cases import ONNX_FAULTS
from foreign_check import export
from foreign_faults import FOREIGN_FAULTS
from foreign_networks import networks
from random_runs import random_run, remember_graphs

from cifarx.export.bundle import Formats, bundle_run, write_bundle
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.exchange.polygraphy_files import write_outputs
from cifarx.verify.findings.result import Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.subject.files_and_run import open_subject
from cifarx.verify.verify import verify

MODEL = Path("model.onnx")
SOUND = ("bn-tiny", "cnn3-tiny", "dynconv-tiny", "lenet-tiny", "mnist-tiny", "plain-tiny")
Logits = NDArray[np.float32]
Judge = Callable[[Logits, Logits], bool]
Make = Callable[[str, int, Path], None]


def polygraphy_passes(ours: Logits, theirs: Logits) -> bool:
    """Polygraphy's verdict on PyTorch's and ONNX Runtime's outputs."""
    G_LOGGER.module_severity = G_LOGGER.CRITICAL
    write_outputs(Path("a.json"), {"pytorch": ours}, "logits", len(ours))
    write_outputs(Path("b.json"), {"onnxruntime": theirs}, "logits", len(theirs))
    results = RunResults.load("a.json")
    results.extend(RunResults.load("b.json"))
    return bool(Comparator.compare_accuracy(results, compare_func=CompareFunc.simple()))


def torch_passes(ours: Logits, theirs: Logits) -> bool:
    """Judge by the thresholds of torch.onnx.export's own verification."""
    info = VerificationInfo.from_tensors("logits", torch.from_numpy(ours), torch.from_numpy(theirs))
    return not (info.max_abs_diff >= 5e-3 or info.max_rel_diff >= 1e-1)


def close(rtol: float, atol: float) -> Judge:
    """Judge by numpy.allclose with these tolerances."""
    return lambda ours, theirs: (
        ours.shape == theirs.shape and np.allclose(theirs, ours, rtol=rtol, atol=atol)
    )


JUDGES: dict[str, Judge] = {
    "Polygraphy, defaults": polygraphy_passes,
    "torch.onnx's thresholds": torch_passes,
    "np.allclose, defaults": close(1e-5, 1e-8),
    "np.allclose, 1.3e-6 and 1e-5": close(1.3e-6, 1e-5),
    "np.allclose, 1e-3 and 1e-5": close(1e-3, 1e-5),
    "argmax": lambda ours, theirs: bool((ours.argmax(1) == theirs.argmax(1)).all()),
}


@dataclass
class Score:
    """The counts of one judge."""

    caught: int = 0
    localised: int = 0
    alarms: int = 0


def make_run(network: str, seed: int, folder: Path) -> None:
    """Make a run of a network of the zoo, and its files."""
    run = random_run(network, folder / "runs" / "tiny", seed, limit=1280)
    write_bundle(bundle_run(run), folder, "model", Formats(onnx=True, mat=True))


def make_foreign(network: str, seed: int, folder: Path) -> None:
    """Make the files of a network that the project did not write."""
    export(network, folder, "model")


@contextmanager
def prepared(network: str, seed: int, make: Make, made: dict[Any, Path]) -> Iterator[Path]:
    """Make a new current folder with the files of a network."""
    key = network, seed, make
    if key not in made:
        made[key] = Path(tempfile.mkdtemp())
        make(network, seed, made[key])
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(made[key], name, dirs_exist_ok=True)
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def outputs() -> tuple[Logits, Logits] | None:
    """PyTorch's logits and those of the file; None if ONNX Runtime rejects the file."""
    from cifarx.verify.engines.pytorch import PyTorch
    from cifarx.verify.subject.images import compared_images

    subject = open_subject(MODEL, None)
    inputs = compared_images(subject, 256).inputs
    if subject.run is not None:
        ours = PyTorch(subject).run(np.empty(0, np.uint8), inputs).logits
    else:
        assert subject.mat is not None
        ours = subject.mat.batch.logits
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(MODEL, options)
        name = session.get_inputs()[0].name
        parts = [session.run(None, {name: part})[0] for part in np.array_split(inputs, 4)]
        return ours, np.concatenate(parts)
    except Exception:  # its exception classes are private to its extension
        return None


def judge(layers: tuple[str, ...], spoilt: bool, scores: dict[str, Score]) -> None:
    """Ask every judge about the case in the current folder; one of `layers` is at fault."""
    asked: Any = ("pytorch", "onnxruntime") if Path("runs").exists() else ("onnxruntime",)
    try:
        result = verify(VerifyOptions(MODEL, asked, layer_images=16))
        passed, divergence = result.verdict is Verdict.EQUIVALENT, result.first_divergence
    except UserError:
        passed, divergence = False, None
    verdicts = {"cifarx verify": passed}
    found = outputs()
    for name, passes in JUDGES.items():
        verdicts[name] = found is not None and passes(*found)
    for name, passes in verdicts.items():
        score = scores.setdefault(name, Score())
        score.caught += spoilt and not passes
        score.alarms += not spoilt and not passes
    named = divergence.layer if divergence else None
    scores["cifarx verify"].localised += bool(spoilt and named in layers)


def table(
    faults: Mapping[str, tuple[str, Callable[[Path], object], tuple[str, ...]]],
    sound: Sequence[tuple[str, int]],
    make: Make,
) -> None:
    """Judge spoilt cases (network, how, the layers at fault) and sound ones; print a table."""
    scores: dict[str, Score] = {}
    made: dict[Any, Path] = {}
    for network, spoil, at_fault in faults.values():
        with prepared(network, 0, make, made) as folder:
            spoil(folder)
            judge(at_fault, True, scores)
    for network, seed in sound:
        with prepared(network, seed, make, made):
            judge((), False, scores)
        shutil.rmtree(made.pop((network, seed, make)))
    layers = sum(bool(at_fault) for *_, at_fault in faults.values())
    print(f"| judge | caught, of {len(faults)} | layer named, of {layers} | false alarms |")
    print("|---|---|---|---|")
    for name, score in scores.items():
        named = score.localised if name == "cifarx verify" else "-"
        print(f"| {name} | {score.caught} | {named} | {score.alarms} of {len(sound)} |")
    for folder in made.values():
        shutil.rmtree(folder)


def main() -> None:
    """Judge all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--foreign", action="store_true", help="networks of others, not the zoo's")
    parser.add_argument("--sound", nargs="+", help="of these networks the sound files, not of all")
    given = parser.parse_args()
    if given.foreign:
        foreign = {
            name: (f.network, f.spoil, (f.layer,) if isinstance(f.layer, str) else f.layer)
            for name, f in FOREIGN_FAULTS.items()
        }
        table(foreign, [(name, 0) for name in given.sound or networks()], make_foreign)
        return
    import pytest

    with pytest.MonkeyPatch.context() as patch:
        remember_graphs(patch)
        zoo = {
            name: (f.network, f.spoil, (f.layer,) if f.layer else ())
            for name, f in ONNX_FAULTS.items()
        }
        sound = [(network, seed) for network in given.sound or SOUND for seed in range(given.seeds)]
        table(zoo, sound, make_run)


if __name__ == "__main__":
    main()
