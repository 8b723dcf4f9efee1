"""The page with the rules is current."""

from __future__ import annotations

from pathlib import Path

from cifarx.export.matlab_importer.rules_table import updated


def test_the_page_has_the_rules_as_they_are(root: Path) -> None:
    page = (root / "docs" / "import-check.md").read_text("utf-8")
    assert updated(page) == page, (
        "update it: python -m cifarx.export.matlab_importer.rules_table docs/import-check.md"
    )
