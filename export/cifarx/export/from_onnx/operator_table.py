"""Write the register of ONNX operators as Markdown, for docs/operators.md.

`python -m cifarx.export.from_onnx.operator_table docs/operators.md` brings the page up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cifarx.export.from_onnx.operators  # noqa: F401  (fills the register)
from cifarx.export.from_onnx.fusions import FUSIONS
from cifarx.export.from_onnx.node import READERS
from cifarx.pytorch_models.files import write_text

START, END = "<!-- operators -->\n", "<!-- /operators -->"


def updated(page: str) -> str:
    """The page with new tables between its markers."""
    before, _, rest = page.partition(START)
    return before + START + _markdown() + END + rest.partition(END)[2]


def _markdown() -> str:
    """One row per operator, and one row per chain of operators that is read as one layer."""
    own = {name: row for (domain, name), row in READERS.items() if not domain}
    chains = [(fusion, layer) for found in FUSIONS.values() for fusion, layer in found]
    return "\n".join(
        [
            "| operator | becomes | what it takes | restrictions |",
            "|---|---|---|---|",
            *(
                f"| {name} | {row.becomes} | {_first_line(row.read)} | {row.unless} |"
                for name, row in sorted(own.items())
            ),
            "",
            "| chain | becomes |",
            "|---|---|",
            *(f"| {_first_line(fusion)} | {layer} |" for fusion, layer in chains),
            "",
        ]
    )


def _first_line(function: object) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


if __name__ == "__main__":
    page = Path(sys.argv[1])
    write_text(page, updated(page.read_text("utf-8")))
