from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.recipe import rows
from cifarx.pytorch_models.run import RESUME
from cifarx.verify.reproduction.rows import ReproduceOptions, chosen_rows, reproduce
from cifarx.verify.reproduction.tables import (
    Measured,
    accuracy,
    as_markdown,
    orderings,
    shipped,
    table,
)

ROOT = Path(__file__).resolve().parents[3]


def measured(row: str, *accuracies: float, **changes: Any) -> Measured:
    name, recipe = rows()[row]
    whole = Measured(
        row=row,
        network=recipe.network,
        recipe=name,
        claim=recipe.claim,
        accuracies=accuracies,
        dataset="cifar10",
        data="cifar10",
        train_images=50_000,
        of_train_images=50_000,
        test_images=10_000,
        epochs=20,
        of_epochs=20,
        precision="float32",
        pretrained="",
        device="cpu",
        seconds=90.0,
        verdict="EQUIVALENT (onnxruntime)",
        versions={"torch": "2"},
        date="2026-11-21",
    )
    return whole.model_copy(update=changes)


def test_a_row_a_group_or_nothing_is_chosen() -> None:
    assert chosen_rows(["S2a"]) == ["S2a"]
    assert chosen_rows(["s2c"]) == [f"S2c-{i}" for i in range(1, 16)]
    assert chosen_rows(["S1b"]) == [row for row in rows() if row.startswith("S1b-")]
    assert chosen_rows(["S2"]) == ["S2a", "S2b", *chosen_rows(["S2c"])]
    assert chosen_rows(["S4", "S0a"]) == ["S0a", "S0a-mnist", "S4"]
    assert chosen_rows([]) == list(rows())
    with pytest.raises(UserError, match=r"no row 'S9'.*Rows: S0a, .* or a group"):
        chosen_rows(["S9"])


def test_a_limited_figure_is_never_without_its_limits() -> None:
    limited = measured("S2a", 40.0, train_images=500, epochs=1)
    text = "40.0%, limited: 500 of 50,000 training images, 1 of 20 epochs"
    assert accuracy(limited) == text
    assert text in table([limited])
    assert "not measured (S0c, S0d)" in orderings([measured("S0c", 70.0, epochs=1)])


def test_a_claim_that_is_not_reached_is_said_not_to_be_with_the_likely_reason() -> None:
    line = "59.5%: claim not reproduced (plain SGD at this rate is far from converged"
    assert line in table([measured("S0c", 59.5)])
    assert "not reproduced" not in table([measured("S0c", 77.1)])
    assert "not reproduced" not in table([measured("S0c", 59.5, epochs=1)])
    assert "83.9%: claim not reproduced |" not in table([measured("S2a", 83.9)])  # by chance


def test_several_seeds_give_mean_and_spread() -> None:
    assert accuracy(measured("S2a", 80.0, 82.0, 84.0)) == "82.0 ± 2.0% (3 seeds)"


def test_rows_that_were_not_measured_say_so() -> None:
    lines = table([measured("S2a", 83.0)]).splitlines()
    assert len(lines) == 2 + len(rows())
    assert sum("not measured" in line for line in lines) == len(rows()) - 1


def finding(*figures: Measured) -> str:
    return next(line for line in orderings(figures).splitlines() if "AlexNet" in line)


def test_an_ordering_is_confirmed_beyond_two_standard_errors_only() -> None:
    # of 10,000 images at 70% and 68%: sqrt(0.7 * 0.3 / 1e4 + 0.68 * 0.32 / 1e4) = 0.65 points
    assert "+2.0 ± 0.7 points | confirmed" in finding(measured("S0c", 70.0), measured("S0d", 68.0))
    assert "| undecided" in finding(measured("S0c", 70.0), measured("S0d", 69.0))
    assert "| not confirmed" in finding(measured("S0c", 68.0), measured("S0d", 70.0))
    assert "| undecided" in finding(measured("S0c", 66.0, 74.0), measured("S0d", 67.0, 69.0))


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


def test_the_documents_show_what_the_package_says_was_measured() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"<!-- reproduction -->\n(.*?)<!-- /reproduction -->", readme, re.DOTALL)
    assert block
    assert block[1] == table(shipped())
    assert (ROOT / "docs" / "reproduction.md").read_text("utf-8") == as_markdown(shipped())


def test_every_row_of_the_write_ups_crossed_to_both_runtimes() -> None:
    assert {entry.row for entry in shipped()} == set(rows())
    assert {entry.verdict for entry in shipped()} == {"EQUIVALENT (onnxruntime, octave)"}
