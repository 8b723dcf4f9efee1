"""Files of random networks, made once; PyTorch's exporter reads each network once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from random_runs import random_run, remember_graphs

from cifarx.export.bundle import Bundle, Formats, bundle_run, write_bundle
from cifarx.pytorch_models.run import Run

Prepare = Callable[[str], Path]


@pytest.fixture(scope="session")
def remembered() -> Iterator[None]:
    """An export by PyTorch costs more than all of `verify` on a small network."""
    with pytest.MonkeyPatch.context() as patch:
        remember_graphs(patch)
        yield


@pytest.fixture(scope="session")
def networks(
    remembered: None, tmp_path_factory: pytest.TempPathFactory, trained: Run, bundle: Bundle
) -> Prepare:
    """By name, a folder with runs/tiny, model.onnx and model.mat; tests must not change it."""
    made: dict[str, Path] = {}

    def prepared(network: str) -> Path:
        if network not in made:
            folder = tmp_path_factory.mktemp(network)
            if network == trained.record.model:
                shutil.copytree(trained.folder, folder / "runs" / "tiny")
                write_bundle(bundle, folder, "model", Formats(onnx=True, mat=True))
            else:
                run = random_run(network, folder / "runs" / "tiny")
                write_bundle(bundle_run(run), folder, "model", Formats(onnx=True, mat=True))
            made[network] = folder
        return made[network]

    return prepared


@pytest.fixture
def prepare(networks: Prepare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    """Make an own copy of a network's folder the current one."""

    def copy(network: str) -> Path:
        shutil.copytree(networks(network), tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return copy
