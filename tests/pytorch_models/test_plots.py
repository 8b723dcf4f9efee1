from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.plots import save_confusion, save_curves, save_samples
from cifarx.pytorch_models.train import Epoch


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


def figure_of(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved from now on."""
    saved: list[Figure] = []
    save = Figure.savefig

    def note(figure: Figure, *arguments: object, **options: object) -> None:
        saved.append(figure)
        save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", note)
    return saved


@pytest.mark.parametrize("held_out", ["validation", "test"])
def test_the_curves_are_those_of_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_out: str
) -> None:
    saved = figure_of(monkeypatch)
    history = [
        Epoch(1, 2.0, 0.25, 2.5, 0.125, 1e-3, 1.0),
        Epoch(2, 1.0, 0.5, 1.5, 0.375, 1e-3, 1.0),
    ]
    save_curves(history, held_out, "a $title_{$", tmp_path / "c.png")
    loss, accuracy = saved[0].axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in loss.lines}
    assert drawn == {"training": [2.0, 1.0], held_out: [2.5, 1.5]}
    assert [list(line.get_ydata()) for line in accuracy.lines] == [[25.0, 50.0], [12.5, 37.5]]
    with Image.open(tmp_path / "c.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize("channels", [1, 3])
def test_samples_show_the_label_and_a_wrong_one_with_the_true_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    saved = figure_of(monkeypatch)
    pixels = np.arange(3 * channels * 16, dtype=np.uint8).reshape(3, channels, 4, 4)
    images = Images(pixels, np.array([0, 1, 1]))
    save_samples(images, np.array([0, 1, 0]), ["$cat_{$", "dog"], "100%", tmp_path / "s.png")
    texts = [axes.get_title() for axes in saved[0].axes]
    assert texts[:4] == ["$cat_{$", "dog", "$cat_{$\nnot dog", ""]
    shown = saved[0].axes[2].images[0].get_array()
    assert np.array_equal(np.asarray(shown).reshape(4, 4, channels), pixels[2].transpose(1, 2, 0))
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.format == "PNG"
