"""What users say about pixels and classes; --mean and --std of networks that normalise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import computed_constants
import numpy as np
import pytest

from cifarx.export.mat.reader import read_mat
from cifarx.export.model_contract import (
    SourceOptions,
    contract_notes,
    made_up_names,
    new_card,
    require_contract,
    require_once,
    with_class_names,
    with_classes_of_data,
    with_labels_of,
    with_normalization,
)
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import LOG_SOFTMAX
from cifarx.export.sources import open_source
from cifarx.export.test_inputs import TestInputs
from cifarx.pytorch_models.errors import UserError

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
CARD = new_card("net", "0" * 64, 3)
ASKED = SourceOptions(task="classification")
COLOUR, GREY = [Input("image", (3, 2, 2))], [Input("image", (1, 2, 2))]


def data(classes: tuple[str, ...], *labels: int) -> TestInputs:
    inputs = np.zeros((len(labels), 1, 2, 2), np.float32)
    pixels = inputs.astype(np.uint8)
    return TestInputs((inputs,), pixels, np.array(labels, np.int64), classes)


def test_a_network_that_normalises_its_input_refuses_to_do_it_twice() -> None:
    graph = computed_constants.graph_of("folded")
    with pytest.raises(UserError) as caught:
        require_once("my:Net", graph, SourceOptions(**IMAGENET))
    first, second = (layer.name for layer in graph.layers[:2])
    for words in ("my:Net", f"in {first} and {second}", "twice", "--mean 0,0,0 --std 1,1,1"):
        assert words in str(caught.value)


def test_to_divide_by_255_is_no_second_normalisation() -> None:
    graph = computed_constants.graph_of("folded")
    require_once("my:Net", graph, SourceOptions(mean=(0, 0, 0), std=(1, 1, 1)))
    require_once("my:Net", graph, SourceOptions())
    require_once("my:Net", computed_constants.graph_of("normed"), SourceOptions(**IMAGENET))
    with pytest.raises(UserError, match="twice"):
        require_once("my:Net", graph, SourceOptions(mean=(0, 0, 0), std=(1, 1, 0.5)))


def test_the_notes_say_what_the_network_does_with_its_input() -> None:
    own, plain = (computed_constants.graph_of(name) for name in ("folded", "normed"))
    (note,) = contract_notes(CARD, own, ASKED)
    assert "the network normalises its own input" in note
    assert own.layers[0].name in note
    (note,) = contract_notes(CARD, plain, ASKED)
    assert "normalisation is unknown" in note
    known = replace(CARD, mean=(1.0,), std=(2.0,))
    assert contract_notes(known, plain, ASKED) == ()
    (note,) = contract_notes(replace(known, ending=LOG_SOFTMAX), plain, ASKED)
    assert "ends in a log-softmax" in note


@pytest.fixture
def folded(tmp_path: Path) -> str:
    """An ONNX file whose network normalises its own input."""
    computed_constants.write("folded", tmp_path)
    return str(tmp_path / "model.onnx")


def test_the_export_refuses_or_notes_it(folded: str) -> None:
    with pytest.raises(UserError, match="would be normalised twice"):
        open_source(folded, SourceOptions(**IMAGENET))
    assert "normalises its own input" in open_source(folded, SourceOptions()).notes[0]
    divided = open_source(folded, SourceOptions(mean=(0, 0, 0), std=(1, 1, 1)))
    assert divided.bundle.card.mean == (0, 0, 0)
    assert divided.bundle.card.std == (255, 255, 255)
    batch = divided.bundle.batch
    assert batch is not None
    np.testing.assert_array_equal(batch.inputs[0], batch.images / np.float32(255))


def test_mean_and_std_are_of_each_channel_and_of_pixels_to_1() -> None:
    require_contract(SourceOptions(**IMAGENET), COLOUR)
    with pytest.raises(UserError, match="need 1 numbers each"):
        require_contract(SourceOptions(**IMAGENET), GREY)
    with pytest.raises(UserError, match=r"Divide values .* by 255: --mean 0.5 --std 0.2"):
        require_contract(SourceOptions(mean=(127.5,), std=(51.0,)), GREY)
    with pytest.raises(UserError, match="above 0"):
        require_contract(SourceOptions(mean=(0.5,), std=(0.0,)), GREY)


def test_the_card_has_them_in_units_of_255_in_float32() -> None:
    card = with_normalization(CARD, SourceOptions(mean=(0.1,), std=(0.3,)))
    assert card.mean == (float(np.float32(25.5)),)
    assert card.std == (float(np.float32(76.5)),)
    assert with_normalization(CARD, SourceOptions()) is CARD


def test_classes_of_the_data_become_the_cards_where_it_has_none() -> None:
    given = data(("cat", "dog", "ship"), 2, 0, 1)
    card, same = with_classes_of_data(CARD, given, "photos", (3,))
    assert card.classes == ("cat", "dog", "ship")
    np.testing.assert_array_equal(same.labels, [2, 0, 1])


def test_labels_follow_the_order_of_the_cards_names() -> None:
    card = replace(CARD, classes=("ship", "cat", "dog"))
    found, given = with_classes_of_data(
        card, data(("cat", "dog", "ship"), 0, 1, 2, 2), "photos", (3,)
    )
    assert found is card
    np.testing.assert_array_equal(given.labels, [1, 2, 0, 0])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (data(("cat", "dog"), 0), "has 2 classes, but the network gives 3 logits"),
        (data((), 0, 3), "has the label 3, but the network gives 3 logits, for the labels 0 to 2"),
        (data(("cat", "dog", "ox"), 0), "has a class 'ox', which is not one of the network's: cat"),
    ],
)
def test_data_of_other_classes_are_refused(given: TestInputs, words: str) -> None:
    with pytest.raises(UserError) as caught:
        with_labels_of(replace(CARD, classes=("cat", "dog", "ship")), given, "photos", (3,))
    assert words in str(caught.value)


def test_numbers_alone_need_no_classes() -> None:
    given = data((), 0, 2)
    assert with_labels_of(CARD, given, "a.npz", (3,)) is given
    assert with_classes_of_data(CARD, given, "a.npz", (3,)) == (CARD, given)


def test_class_names_are_lines_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("\ufeffcat\r\n\r\ndog\rship\n", "utf-8")
    assert with_class_names(CARD, path).classes == ("cat", "dog", "ship")
    assert with_class_names(CARD, None).classes == ("class_1", "class_2", "class_3")
    refused = {"a\nb\n": "2 names", "a\nb\na\n": "twice", "a\nb\x07\nc\n": "control"}
    for text, words in refused.items():
        path.write_text(text)
        with pytest.raises(UserError, match=words):
            with_class_names(CARD, path)


def test_a_written_file_has_what_was_said(folded: str, tmp_path: Path) -> None:
    card = read_mat(tmp_path / "model.mat").card
    assert card.classes == made_up_names(computed_constants.CLASSES)


def test_pixel_labels_of_another_size_than_the_output_are_refused() -> None:
    card = replace(CARD, task="segmentation")
    nothing = np.empty(0, np.uint8)
    labels = np.zeros((2, 5, 4), np.int64)
    given = TestInputs((np.zeros((2, 1, 4, 5), np.float32),), nothing, labels)
    with pytest.raises(UserError, match=r"labels of 5 x 4 per input, and a segmentation .* 4 x 5"):
        with_labels_of(card, given, "a.npz", (3, 4, 5))
    assert with_labels_of(card, given, "a.npz", (3, 5, 4)) is given
