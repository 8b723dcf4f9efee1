"""Export a network of `foreign_networks`, and verify it in every engine, PyTorch's among them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import partial
from pathlib import Path

import pytest
import torch
from foreign_networks import networks

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.sources import SourceOptions, open_source
from cifarx.verify.engines import choose
from cifarx.verify.engines.engine import Engine
from cifarx.verify.engines.pytorch import PyTorch
from cifarx.verify.findings.result import Result
from cifarx.verify.options import VerifyOptions
from cifarx.verify.subject.files_and_run import Subject
from cifarx.verify.verify import verify

IMAGES = 16
"""Of the 64 inputs in a test batch, or the 16 and more of large networks, for the layers."""
LIVE = ("pytorch", "pytorch-channels-last", "onnxruntime", "onnxruntime-unoptimized")
"""The engines that need nothing but Python."""


class LivePyTorch(PyTorch):
    """PyTorch over a module that comes from no run; its layers are held to those of model.mat."""

    def __init__(self, name: str, channels_last: bool, subject: Subject) -> None:
        self.fast = False
        self._module, self._channels_last, self._cuda = (
            networks()[name].make(),
            channels_last,
            False,
        )
        if channels_last:
            self._module = self._module.to(memory_format=torch.channels_last)
        self._last = None
        self._runtime = f"pytorch {torch.__version__}{', channels-last' * channels_last}"


def live(name: str, channels_last: bool, subject: Subject) -> Engine:
    """The engine, as `cifarx.verify.engines.choose` opens it."""
    return LivePyTorch(name, channels_last, subject)


@contextmanager
def judging(name: str) -> Iterator[None]:
    """Let the engines `pytorch` and `pytorch-channels-last` run this network's live module."""
    with pytest.MonkeyPatch.context() as patch:
        for engine, channels_last in zip(LIVE, (False, True), strict=False):
            patch.setitem(choose.ENGINES, engine, partial(live, name, channels_last))
        yield


def export(name: str, folder: Path, file: str = "") -> None:
    """Write FILE.onnx and FILE.mat, as `cifarx export foreign_networks:NAME --name FILE` does."""
    options = SourceOptions(input_sizes=(networks()[name].input_size,))
    source = open_source(f"foreign_networks:{name}", options)
    write_bundle(source.bundle, folder, file or name, Formats(onnx=True, mat=True))


def check(name: str, folder: Path, engines: tuple[str, ...] = LIVE) -> Result:
    """Verify the files of a network."""
    with judging(name), chdir(folder):
        return verify(VerifyOptions(Path(f"{name}.onnx"), engines, layer_images=IMAGES))
