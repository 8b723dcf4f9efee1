"""Files of networks of the zoo, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from random_runs import random_run, remember_graphs

from cifarx.export.bundle import Bundle, Formats, bundle_run, write_bundle
from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models.run import Run

Prepare = Callable[[str], Path]


@pytest.fixture(scope="session")
def networks(
    known_graphs: dict[str, LayerGraph],
    tmp_path_factory: pytest.TempPathFactory,
    trained: Run,
    bundle: Bundle,
) -> Prepare:
    """By name, a folder with runs/tiny, model.onnx and model.mat; tests must not change it.

    bn-tiny is trained, the others have random weights.
    """
    made: dict[str, Path] = {}

    def prepared(network: str) -> Path:
        if network not in made:
            folder = tmp_path_factory.mktemp(network)
            written = bundle
            if network == trained.record.model:
                shutil.copytree(trained.folder, folder / "runs" / "tiny")
            else:
                run = random_run(network, folder / "runs" / "tiny")
                with pytest.MonkeyPatch.context() as patch:
                    remember_graphs(patch, known_graphs)
                    written = bundle_run(run)
            write_bundle(written, folder, "model", Formats(onnx=True, mat=True))
            made[network] = folder
        return made[network]

    return prepared


@pytest.fixture
def prepare(
    networks: Prepare, remembered: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Prepare:
    """Make an own copy of a network's folder the current one."""

    def copy(network: str) -> Path:
        shutil.copytree(networks(network), tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return copy
