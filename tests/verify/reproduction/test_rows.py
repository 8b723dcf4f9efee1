"""`cifarx reproduce`: rows are chosen, trained, verified, and continued after an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import rows
from cifarx.pytorch_models.run import RESUME
from cifarx.verify.reproduction.rows import ReproduceOptions, chosen_rows, reproduce

pytestmark = pytest.mark.usefixtures("unpainted")


def test_a_row_a_group_or_nothing_is_chosen() -> None:
    assert chosen_rows(["S2a"]) == ["S2a"]
    assert chosen_rows(["s2c"]) == [f"S2c-{i}" for i in range(1, 16)]
    assert chosen_rows(["S1b"]) == [row for row in rows() if row.startswith("S1b-")]
    assert chosen_rows(["S2"]) == ["S2a", "S2b", *chosen_rows(["S2c"])]
    assert chosen_rows(["S4", "S0a"]) == ["S0a", "S0a-mnist", "S4"]
    assert chosen_rows([]) == list(rows())
    with pytest.raises(UserError, match=r"no row 'S9'.*Rows: S0a, .* or a group"):
        chosen_rows(["S9"])


@pytest.fixture
def grey_rows(tmp_path: Path) -> ReproduceOptions:
    """Two rows at a size for tests."""
    data = {"mnist": "shapes-grey", "fashion-mnist": "shapes-grey"}
    return ReproduceOptions(("S0a", "S0b-mlp"), data, limit=50, epochs=1, out=tmp_path / "out")


def test_rows_are_trained_verified_and_reported_and_finished_ones_not_done_again(
    grey_rows: ReproduceOptions,
) -> None:
    from cifarx.pytorch_models.observer import Observer

    said: list[str] = []
    started: list[str] = []

    def observer(row: str) -> Observer:
        started.append(row)
        return Observer()

    assert reproduce(grey_rows, observer, said.append) == {}
    assert started == ["S0a", "S0a-mnist", "S0b-mlp"]
    assert all("EQUIVALENT (onnxruntime" in line for line in said)
    first = (grey_rows.out / "reproduction.md").read_bytes()
    assert b"limited: 50 of 60,000 training images, 1 of 20 epochs" in first
    written = json.loads((grey_rows.out / "reproduction.json").read_text())
    assert [row["row"] for row in written] == started
    assert [row["data"] for row in written] == ["shapes-grey"] * 3
    reproduce(grey_rows, observer, said.append)
    assert len(started) == 3
    assert (grey_rows.out / "reproduction.md").read_bytes() == first


def test_an_interrupted_row_goes_on(grey_rows: ReproduceOptions) -> None:
    from cifarx.pytorch_models.observer import Observer
    from cifarx.pytorch_models.run import RunRecord

    class Stopping(Observer):
        def on_start(self, folder: Path, record: RunRecord) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproduce(grey_rows, lambda row: Stopping(), lambda line: None)
    folder = grey_rows.out / "runs" / "S0a-limit50-epochs1-seed0"
    assert [p.name for p in folder.iterdir()] == [RESUME]
    assert reproduce(grey_rows, lambda row: Observer(), lambda line: None) == {}
    assert (folder / "report.json").exists()


def test_data_that_cannot_be_had_leaves_the_row_not_measured(
    cifarx: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = cifarx("reproduce", "S4", "--data", "cifar10=nowhere", "--out", "o")
    assert finished.code == 1
    assert "S4: not measured. --data nowhere" in finished.out
    assert "not measured" in (tmp_path / "o" / "reproduction.md").read_text()
    wrong = cifarx("reproduce", "S4", "--data", "nowhere")
    assert wrong.code == 2
    assert "--data 'nowhere' is not of the form NAME=PLACE" in wrong.err
