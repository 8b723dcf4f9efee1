"""The test batch of a network that is not a run: how many inputs, and whose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import computed_constants
import numpy as np
import pytest
from PIL import Image

from cifarx.export.model_contract import SourceOptions, new_card, with_normalization
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.export.network.model_card import ModelCard
from cifarx.export.sources import open_source
from cifarx.export.test_inputs import (
    FEWEST,
    MOST,
    batch_size,
    from_data,
    noise,
    products_of,
)
from cifarx.pytorch_models.errors import UserError

SIZE = computed_constants.SIZE  # 3 x 6 x 5
IMAGE = [Input("image", SIZE)]
CARD = new_card("net", "0" * 64, 4)
HALF = SourceOptions(mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0))
KNOWN = with_normalization(CARD, HALF)
CLASSES = ("ant", "bee", "cow", "dog")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images in each of four class folders, each of one colour that tells which it is."""
    for k, name in enumerate(CLASSES):
        place = tmp_path / "photos" / name
        place.mkdir(parents=True)
        for i in range(5):
            picture = Image.new("RGB", (SIZE[2], SIZE[1]), (10 * k, i, 200))
            picture.save(place / f"{i}.png")
    return tmp_path / "photos"


@pytest.fixture
def net(tmp_path: Path) -> str:
    computed_constants.write("normed", tmp_path)
    return str(tmp_path / "model.onnx")


def test_the_number_of_inputs_falls_with_the_size_of_the_network() -> None:
    assert batch_size(0) == batch_size(1) == batch_size(10**8) == MOST == 64
    assert batch_size(10**12) == FEWEST == 16
    counts = [batch_size(n) for n in range(10**8, 5 * 10**9, 10**8)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 10


def test_products_are_weights_times_the_places_they_are_applied_at() -> None:
    def zeros(*shape: int) -> Array:
        return Array(np.zeros(shape, np.float32), "")

    window = {"Stride": (1, 1), "Padding": (0, 0, 0, 0), "DilationFactor": (1, 1)}
    layers = (
        Layer("c", "Convolution2DLayer", ("image",), window,
              {"Weights": zeros(7, 3, 3, 2), "Bias": zeros(7)}),
        Layer("f", "FlattenLayer", ("c",)),
        Layer("l", "FullyConnectedLayer", ("f",), {},
              {"Weights": zeros(4, 112), "Bias": zeros(4)}),
    )  # fmt: skip
    assert (
        products_of(LayerGraph((Input("image", SIZE),), layers, (Output("l"),)))
        == 7 * 3 * 3 * 2 * (4 * 4) + 4 * 112
    )


def test_noise_is_the_same_every_time_and_is_of_pixels_where_their_normalisation_is_known() -> None:
    first, again = noise(IMAGE, CARD, 5), noise(IMAGE, CARD, 5)
    np.testing.assert_array_equal(first.inputs[0], again.inputs[0])
    assert first.inputs[0].shape == (5, *SIZE)
    assert first.inputs[0].dtype == np.float32
    assert len(first.images) == len(first.labels) == 0
    pixels = noise(IMAGE, KNOWN, 5)
    assert pixels.images.dtype == np.uint8
    std = np.float64([0.25, 0.5, 1.0])[:, None, None]
    np.testing.assert_allclose(pixels.inputs[0], (pixels.images / 255 - 0.5) / std, atol=1e-6)


def test_images_of_class_folders_are_normalised_and_labelled(folder: Path) -> None:
    given = from_data(str(folder), IMAGE, KNOWN, 4)
    assert given.classes == CLASSES
    assert sorted(given.labels.tolist()) == [0, 1, 2, 3]  # evenly over the classes
    assert given.origin == "test images of photos"
    for image, inputs, label in zip(given.images, given.inputs[0], given.labels, strict=True):
        assert image[0, 0, 0] == 10 * label
        red = (10 * label / 255 - 0.5) / 0.25
        assert inputs[0, 0, 0] == pytest.approx(red, abs=1e-6)


def test_arrays_are_inputs_or_pixels(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    numbers = random.standard_normal((9, *SIZE)).astype(np.float32)
    np.save(tmp_path / "x.npy", numbers)
    given = from_data(str(tmp_path / "x.npy"), IMAGE, CARD, 7)
    np.testing.assert_array_equal(given.inputs[0], numbers[:7])
    assert len(given.images) == len(given.labels) == 0
    assert given.origin == "inputs in x.npy"
    pixels = random.randint(0, 256, (9, *SIZE), np.uint8)
    np.savez(tmp_path / "p.npz", images=pixels, labels=np.arange(9) % 4)
    given = from_data(str(tmp_path / "p.npz"), IMAGE, KNOWN, 100)
    np.testing.assert_array_equal(given.images, pixels)
    np.testing.assert_array_equal(given.labels, np.arange(9) % 4)
    std = np.float64([0.25, 0.5, 1.0])[:, None, None]
    np.testing.assert_allclose(given.inputs[0], (pixels / 255 - 0.5) / std, atol=1e-6)


def test_rows_are_inputs_of_networks_without_maps(tmp_path: Path) -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "x.npy", rows)
    given = from_data(str(tmp_path / "x.npy"), [Input("image", (4, 1, 1))], CARD, 9)
    assert given.inputs[0].shape == (3, 4, 1, 1)


def test_data_that_do_not_fit_are_refused(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", np.zeros((2, 3, 5, 6), np.float32))
    np.save(tmp_path / "x.npy", np.zeros((2, *SIZE), np.float32))
    np.save(tmp_path / "p.npy", np.zeros((2, *SIZE), np.uint8))
    for data, card, words in (
        (
            "small.npy",
            CARD,
            "of 3 x 5 x 6, and the network takes 3 x 6 x 5 (channels, height, width)",
        ),
        ("photos", KNOWN, "takes 3 x 8 x 8"),
        ("photos", CARD, "has pixels, and how the network's inputs are made of them is unknown"),
        ("p.npy", CARD, "Give --mean and --std"),
        ("x.npy", KNOWN, "has inputs of float32, but how this network's pixels are normalised"),
    ):
        given = [Input("image", (3, 8, 8))] if "8 x 8" in words else IMAGE
        with pytest.raises(UserError) as caught:
            from_data(str(tmp_path / data), given, card, 5)
        assert words in str(caught.value)


def test_a_network_gets_64_inputs_without_data(net: str) -> None:
    batch = open_source(net, SourceOptions()).bundle.batch
    assert batch is not None
    assert batch.inputs[0].shape == (MOST, *SIZE)
    assert batch.logits.shape == batch.reference.shape == (MOST, 4)


def test_a_network_takes_the_users_images_and_the_names_of_their_classes(
    net: str, folder: Path, tmp_path: Path
) -> None:
    options = SourceOptions(mean=HALF.mean, std=HALF.std, data=str(folder))
    bundle = open_source(net, options).bundle
    assert bundle.batch is not None
    assert bundle.card.classes == CLASSES
    assert set(bundle.batch.labels.tolist()) == {0, 1, 2, 3}
    names = tmp_path / "names.txt"
    names.write_text("dog\nant\nbee\ncow\n")
    other = open_source(net, replace(options, classes=names))
    assert other.bundle.card.classes == ("dog", "ant", "bee", "cow")
    assert other.bundle.batch is not None
    order = [1, 2, 3, 0]  # where the names of the folders are among the given ones
    np.testing.assert_array_equal(
        other.bundle.batch.labels, [order[k] for k in bundle.batch.labels]
    )


def test_a_network_takes_the_users_arrays_with_their_labels(net: str, tmp_path: Path) -> None:
    numbers = np.random.RandomState(0).standard_normal((6, *SIZE)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x=numbers, y=[3, 0, 1, 2, 2, 3])
    bundle = open_source(net, SourceOptions(data=str(tmp_path / "d.npz"))).bundle
    assert bundle.batch is not None
    np.testing.assert_array_equal(bundle.batch.inputs[0], numbers)
    np.testing.assert_array_equal(bundle.batch.labels, [3, 0, 1, 2, 2, 3])


SEVERAL = [Input("image", (3, 2, 2)), Input("signal", (2, 9)), Input("state", (4,))]


def test_noise_has_the_rank_of_every_input() -> None:
    given = noise(SEVERAL, CARD, 5)
    assert [x.shape for x in given.inputs] == [(5, 3, 2, 2), (5, 2, 9), (5, 4)]
    assert {x.dtype for x in given.inputs} == {np.dtype(np.float32)}
    assert given.images.size == given.labels.size == 0
    pixels = noise(SEVERAL, KNOWN, 5)
    assert pixels.images.shape == (5, 3, 2, 2)
    assert [x.shape for x in pixels.first(2).inputs] == [(2, 3, 2, 2), (2, 2, 9), (2, 4)]


def several(tmp_path: Path, **other: np.ndarray) -> str:
    """An .npz file of three inputs, with some arrays replaced."""
    arrays = {
        "image": np.zeros((3, 3, 2, 2), np.float32),
        "signal": np.zeros((3, 2, 9), np.float32),
        "state": np.zeros((3, 4), np.float32),
    }
    np.savez(tmp_path / "d.npz", **(arrays | other))
    return str(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("other", "card", "words"),
    [
        ({"signal": np.zeros((3, 2, 8), np.float32)}, CARD,
         "of 2 x 8, and the network takes 2 x 9 (channels, length) as 'signal'"),
        ({"state": np.zeros((3, 5), np.float32)}, CARD, "takes 4 (features) as 'state'"),
        ({"state": np.zeros((3, 4, 1), np.float32)}, CARD, "of 4 x 1, and the network takes 4"),
        ({"state": np.zeros((3, 4), np.uint8)}, CARD,
         "uint8 numbers for the input 'state', which is not an image"),
        ({"image": np.zeros((3, 3, 2, 2), np.uint8)}, CARD, "Give --mean and --std"),
        ({}, KNOWN, "has inputs of float32, but how this network's pixels are normalised"),
    ],
)  # fmt: skip
def test_arrays_of_other_inputs_are_refused(
    tmp_path: Path, other: dict[str, np.ndarray], card: ModelCard, words: str
) -> None:
    with pytest.raises(UserError) as refused:
        from_data(several(tmp_path, **other), SEVERAL, card, 3)
    assert words in str(refused.value)


def test_data_sets_of_images_suit_networks_with_one_image(folder: Path) -> None:
    for inputs in (SEVERAL, SEVERAL[1:2]):
        with pytest.raises(UserError, match=r"is not an \.npy or \.npz file") as refused:
            from_data(str(folder), inputs, KNOWN, 3)
        assert "'signal'" in str(refused.value)


def test_large_outputs_make_the_batch_smaller() -> None:
    assert batch_size(0, 2**17) == MOST
    assert batch_size(0, 2**19) == 16
    assert batch_size(0, 2**30) == batch_size(10**12, 2**30) == 4
