from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cifarx.pytorch_models.plots import save_confusion


@pytest.mark.parametrize("count", [2, 61, 300])
def test_any_number_of_classes_gives_a_picture_of_sane_size(tmp_path: Path, count: int) -> None:
    labels = np.arange(count, dtype=np.int64)
    names = [f"class {i}" for i in range(count)]
    save_confusion(labels, labels, names, "title", tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as picture:
        assert max(picture.size) <= 2400


def test_names_are_text_and_never_mathematics(tmp_path: Path) -> None:
    labels = np.arange(3, dtype=np.int64)
    save_confusion(labels, labels, ["$a_{$", "$x$", "b"], "100% of $y_{$", tmp_path / "c.png")
    assert (tmp_path / "c.png").exists()
