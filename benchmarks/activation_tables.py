"""Markdown tables of what `activations.py` measured.

    python benchmarks/activation_tables.py FOLDER ...

The folders' files are taken together, the worst of each; inputs of 2^126 and more, where x (1 + f)
overflows, are left out. Runtimes whose figures are the same share a row.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from activation_kinds import KINDS
from activations import SLOPES

LARGEST = 125
BY_EXPONENT = (
    ("sigmoid", "ORT, opset 14, optimised"),
    ("swish", "ORT, opset 14, optimised"),
    ("ELU", "ORT, opset 14, optimised"),
    ("tanh", "ORT, opset 14, optimised"),
    ("GELU", "torch, channels-last"),
)
Rows = dict[tuple[str, str], list[dict[str, Any]]]


def read(folders: Sequence[str]) -> Rows:
    """Rows by kind and runtime."""
    found: Rows = defaultdict(list)
    for folder in folders:
        for path in sorted(Path(folder).glob("*.json")):
            for row in json.loads(path.read_text())["rows"]:
                if row["exponent"] <= LARGEST:
                    found[row["kind"], row["runtime"]].append(row)
    return found


def grouped(rows: Rows, cells: dict[tuple[str, str], str]) -> Iterator[tuple[str, str, str]]:
    """Kind, names of runtimes and cells, equal ones together."""
    for kind in KINDS:
        together: dict[str, list[str]] = defaultdict(list)
        for found, runtime in sorted(rows):
            if found == kind:
                together[cells[found, runtime]].append(runtime)
        for shown, names in together.items():
            yield kind, _short(names), shown


def _short(names: list[str]) -> str:
    """ORT, opset 14, ... of several variants once."""
    whole = [name for name in names if not name.startswith("ORT")]
    ort = [name.removeprefix("ORT, ") for name in names if name.startswith("ORT")]
    if len(ort) in (4, 6):
        whole.append("ORT (all)")
    elif ort:
        whole.append("ORT (" + "; ".join(ort) + ")")
    return "; ".join(whole)


def worst(rows: Rows) -> Iterator[str]:
    """The largest errors, and where."""
    yield "| function | runtime | relative (u) | at x | absolute (u span) | at x | of bound |"
    yield "|---|---|---|---|---|---|---|"
    cells = {}
    for key, some in rows.items():
        relative = max(some, key=lambda row: row["relative"])
        absolute = max(some, key=lambda row: row["absolute"])
        ratios = [row["ratio"] for row in some if "ratio" in row]
        ratio = f"{max(ratios):.3g}" if ratios else "-"
        cells[key] = (
            f"{relative['relative']:.3g} | {relative['relative_at']:.5g} | "
            f"{absolute['absolute']:.3g} | {absolute['absolute_at']:.5g} | {ratio}"
        )
    for kind, names, shown in grouped(rows, cells):
        yield f"| {kind} | {names} | {shown} |"


def slopes(rows: Rows) -> Iterator[str]:
    """The least b for each a."""
    yield "| function | runtime | " + " | ".join(f"a = {a}" for a in SLOPES) + " |"
    yield "|---|---|" + "---|" * len(SLOPES)
    cells = {
        key: " | ".join(f"{max(row['beyond'][i] for row in some):.3g}" for i in range(len(SLOPES)))
        for key, some in rows.items()
    }
    for kind, names, shown in grouped(rows, cells):
        if kind != "exp":
            yield f"| {kind} | {names} | {shown} |"


def by_exponent(rows: Rows) -> Iterator[str]:
    """Relative and absolute errors of some, for x < 0 and x > 0."""
    keys = [key for key in BY_EXPONENT if key in rows]
    yield "| size of x | " + " | ".join(f"{k}: x < 0 | x > 0" for k, _ in keys) + " |"
    yield "|---|" + "---|---|" * len(keys)
    for exponent in range(-30, 9):
        cells = []
        for key in keys:
            for sign in (1, 0):
                some = [r for r in rows[key] if (r["exponent"], r["sign"]) == (exponent, sign)]
                relative = max((row["relative"] for row in some), default=0.0)
                absolute = max((row["absolute"] for row in some), default=0.0)
                cells.append(f"{relative:.3g}, {absolute:.3g}")
        yield f"| 2^{exponent} | " + " | ".join(cells) + " |"


def main() -> None:
    """Print them."""
    rows = read(sys.argv[1:])
    for title, table in {
        "Largest errors": worst,
        "Least b for each a": slopes,
        "By exponent: relative (u), absolute (u span)": by_exponent,
    }.items():
        print(f"\n### {title}\n")
        print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
