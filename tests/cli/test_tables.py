"""The table that `cifarx models` prints."""

from __future__ import annotations

import pytest

from cifarx.cli import tables
from cifarx.cli.tables import zoo
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.recipe import rows
from cifarx.verify.reproduction.tables import Measured, shipped


def cells(*, layers: bool) -> dict[str, dict[str, str]]:
    """The cells by network and column."""
    table = zoo(layers=layers)
    columns = {str(column.header): list(column.cells) for column in table.columns}
    return {
        str(name): {header: str(values[i]) for header, values in columns.items()}
        for i, name in enumerate(columns["name"])
    }


def test_every_network_has_a_row() -> None:
    table = cells(layers=True)
    assert list(table) == list(registry.models())
    assert (table["bn8"]["input"], table["bn8"]["recipe"]) == (
        "32x32x3",
        registry.find("bn8").recipe,
    )
    assert all(row["layers"] for row in table.values())
    assert "layers" not in cells(layers=False)["bn8"]


def test_a_figure_stands_beside_the_claim_of_its_own_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = next(row for row, (name, _) in rows().items() if name == registry.find("lenet").recipe)
    assert cells(layers=False)["lenet"]["row"] == row
    (entry,) = (entry for entry in shipped() if entry.row == row)
    for changes, figure in (
        ({"accuracies": (53.0, 54.0), "epochs": entry.of_epochs}, "53.5%"),
        ({"accuracies": (53.0,), "epochs": entry.of_epochs - 1}, "53.0% (limited)"),
    ):
        measured: list[Measured] = [entry.model_copy(update=changes)]
        monkeypatch.setattr(tables, "shipped", lambda measured=measured: measured)
        assert cells(layers=False)["lenet"]["measured"] == figure
    monkeypatch.setattr(tables, "shipped", list)
    assert cells(layers=False)["lenet"]["measured"] == "not measured"
