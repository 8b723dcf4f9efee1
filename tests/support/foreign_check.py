"""Export a network of `foreign_networks`, and verify it in every engine, PyTorch's among them.

    python tests/support/foreign_check.py [--results FILE] [--octave] [NAME ...]

prints a line for each network and appends its figures to FILE, one JSON object per line. Networks
that FILE has already are left out.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import resource
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from foreign_networks import networks
from torch import nn

from cifarx.export import sources
from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.sources import SourceOptions, open_source
from cifarx.pytorch_models.errors import UserError
from cifarx.verify.engines import choose
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

IMAGES = 16
LIVE = ("pytorch", "pytorch-channels-last", "onnxruntime", "onnxruntime-unoptimized")
"""The engines that need nothing but Python."""


class LivePyTorch(PyTorch):
    """PyTorch over a module that comes from no run; its layers are held to those of model.mat."""

    def __init__(self, module: nn.Module, channels_last: bool) -> None:
        self.fast = False
        self._module, self._channels_last, self._cuda = module, channels_last, False
        if channels_last:
            self._module = module.to(memory_format=torch.channels_last)
        self._last = None
        self._runtime = f"pytorch {torch.__version__}{', channels-last' * channels_last}"


@contextmanager
def judging(name: str) -> Iterator[None]:
    """Let the engines `pytorch` and `pytorch-channels-last` run this network's live module."""
    with pytest.MonkeyPatch.context() as patch:
        for engine in LIVE[:2]:
            last = engine.endswith("last")
            patch.setitem(
                choose.ENGINES,
                engine,
                lambda _, last=last: LivePyTorch(networks()[name].make(), last),
            )
        yield


def export(name: str, folder: Path, file: str = "") -> None:
    """Write FILE.onnx and FILE.mat, as `cifarx export foreign_networks:NAME --name FILE` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "IMAGES", IMAGES)
        options = SourceOptions(input_size=networks()[name].input_size)
        source = open_source(f"foreign_networks:{name}", options)
        write_bundle(source.bundle, folder, file or name, Formats(onnx=True, mat=True))


def check(name: str, folder: Path, engines: tuple[str, ...] = LIVE) -> Result:
    """Verify the files of a network."""
    with judging(name), chdir(folder):
        return verify(VerifyOptions(Path(f"{name}.onnx"), engines, layer_images=IMAGES))


def figures(name: str, result: Result, seconds: float) -> dict[str, Any]:
    """What the table and the search for the worst ratios need."""
    worst: dict[str, dict[str, list[Any]]] = {}
    for report in result.engines:
        for layer in report.layers:
            kinds = worst.setdefault(report.engine, {})
            found = kinds.setdefault(f"{layer.kind} {layer.algorithm}", [0.0, ""])
            if layer.ratio >= found[0]:
                found[:] = [layer.ratio, layer.layer]
    return {
        "network": name,
        "source": networks()[name].source,
        "size": networks()[name].input_size,
        "images": result.images.count,
        "layers": len(result.layers),
        "verdict": str(result.verdict),
        "worst": worst,
        "rms": {e.engine: e.judgement.ratio for e in result.engines if e.judgement},
        "compared": {e.engine: [len(e.layers), e.layers_in_all] for e in result.engines},
        "lines": lines(result),
        "seconds": round(seconds),
    }


def checked(name: str, engines: tuple[str, ...]) -> dict[str, Any]:
    """Figures of one network; those of a network that is refused say why."""
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            export(name, Path(folder))
            result = check(name, Path(folder), engines)
    except UserError as error:
        return {"network": name, "source": networks()[name].source, "refused": str(error)}
    except Exception as error:  # told beside the others; the next networks go on
        text = f"{type(error).__name__}: {error}"
        traceback.print_exc()
        return {"network": name, "source": networks()[name].source, "broke": text[:500]}
    return figures(name, result, time.monotonic() - start)


def main() -> None:
    """Check networks, and say which raise an alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="all, if none is named")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--octave", action="store_true")
    parser.add_argument("--most", type=int, default=10**9, help="networks; the rest another time")
    given = parser.parse_args()
    done = _done(given.results)
    left = [n for n in given.names or networks() if n not in done][: given.most]
    for name in left:
        found = checked(name, (*LIVE, "octave") if given.octave else LIVE)
        if given.results:
            with given.results.open("a", encoding="utf-8") as file:
                print(json.dumps(found), file=file)
        print(_summary(found), flush=True)
        gc.collect()


def _done(results: Path | None) -> set[str]:
    if results is None or not results.exists():
        return set()
    return {json.loads(line)["network"] for line in results.read_text("utf-8").splitlines()}


def _summary(found: Mapping[str, Any]) -> str:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    name = found["network"]
    if "verdict" not in found:
        said = found.get("refused") or found.get("broke")
        return f"{name}: {'refused' if 'refused' in found else 'BROKE'}: {said}"
    text = f"{name}: {found['verdict']}, {found['seconds']} s, {memory:.1f} GiB"
    if found["verdict"] != Verdict.EQUIVALENT:
        text += "".join(f"\n    {t}" for t in found["lines"] if not re.match("PASSED", t))
    return text


if __name__ == "__main__":
    main()
