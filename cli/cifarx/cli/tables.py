"""Build the table that `cifarx models` prints."""

from __future__ import annotations

from rich.table import Table

from cifarx.pytorch_models import registry
from cifarx.pytorch_models.recipe import rows
from cifarx.verify.reproduction.tables import Measured, shipped


def zoo(*, layers: bool) -> Table:
    """Return one row per network, with the author's claim and the accuracy measured here.

    Both are for the network's own recipe. `layers` adds a column that describes its layers.
    """
    names = ("name", "row", "input", "parameters", "multiply-adds", "recipe", "claim", "measured")
    table = Table(*names, *(["layers"] if layers else []), box=None, pad_edge=False)
    row_of = {recipe_name: (row, recipe) for row, (recipe_name, recipe) in rows().items()}
    measured = {entry.row: entry for entry in shipped()}
    for spec in registry.models().values():
        row, recipe = row_of.get(spec.recipe, (spec.source, None))
        cells = [
            spec.name,
            row,
            "x".join(map(str, (*spec.input_size[1:], spec.input_size[0]))),
            f"{spec.parameters:,}",
            f"{spec.multiply_adds / 1e6:,.2f} M",
            spec.recipe,
            recipe.claim if recipe else "",
            _figure(measured.get(row)) if recipe else "",
            *([spec.summary] if layers else []),
        ]
        table.add_row(*cells)
    return table


def _figure(measured: Measured | None) -> str:
    if measured is None:
        return "not measured"
    return f"{measured.mean:.1f}%{' (limited)' if measured.limits else ''}"
