"""Thumbnails: of the images whose prediction changed, the largest margins first."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import results
from PIL import Image

from cifarx.pytorch_models.data.images import Images
from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.logits import Change
from cifarx.verify.findings.picture import Picture
from cifarx.verify.subject.files_and_run import NO_RUN, Subject, open_subject
from cifarx.verify.subject.images import ComparedImages, compared_images
from cifarx.verify.subject.thumbnails import LARGEST, MOST, pictures_of


def pixels_of(picture: Picture) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(picture.png))) as image:
        return np.asarray(image)


def changed(*places_and_margins: tuple[int, float]) -> EngineReport:
    changes = [Change(p, 0, 1, margin, p, 2) for p, margin in places_and_margins]
    return EngineReport("onnxruntime", "onnxruntime", results.judgement(*changes), "")


@pytest.fixture
def subject(work: Path) -> Subject:
    return open_subject(Path("model.onnx"), NO_RUN)


def compared(images: Images) -> ComparedImages:
    inputs = np.zeros(images.pixels.shape, np.float32)
    return ComparedImages(images, (inputs,), "images", None, np.arange(len(images)))


def random_images(count: int, *size: int) -> Images:
    pixels = np.random.RandomState(0).randint(0, 256, (count, *size), np.uint8)
    return Images(pixels, np.arange(count) % 3)


def test_nothing_changed_means_no_pictures(subject: Subject) -> None:
    images = compared(random_images(4, 3, 5, 6))
    assert pictures_of(subject, images, [changed()], None) == ()
    assert pictures_of(subject, images, [EngineReport("a", "a", None, "gone")], None) == ()


def test_the_largest_margins_come_first_each_image_once(subject: Subject) -> None:
    images = random_images(9, 3, 5, 6)
    engines = [changed((3, 0.1), (7, 0.5)), changed((3, 0.9), (1, 0.5))]
    found = pictures_of(subject, compared(images), engines, None)
    assert [(p.image, p.label) for p in found] == [(3, 0), (1, 1), (7, 1)]
    for picture in found:
        np.testing.assert_array_equal(
            pixels_of(picture), images.pixels[picture.image].transpose(1, 2, 0)
        )


def test_changes_on_the_data_set_are_shown_too(subject: Subject) -> None:
    accuracy: AccuracyReport = results.accuracy(5, 2)
    found = pictures_of(subject, compared(random_images(60, 1, 4, 4)), [], accuracy)
    assert [p.image for p in found] == [5, 2]  # margins grow with the image's number


def test_a_report_shows_so_many_at_most(subject: Subject) -> None:
    engine = changed(*((i, float(i)) for i in range(MOST + 10)))
    found = pictures_of(subject, compared(random_images(MOST + 10, 1, 4, 4)), [engine], None)
    assert [p.image for p in found] == list(range(MOST + 9, 9, -1))


def test_images_of_a_run_are_read_from_its_data(work: Path) -> None:
    subject = open_subject(Path("model.onnx"), None)
    images = compared_images(subject, 10)
    place = int(images.places[4])
    (picture,) = pictures_of(subject, images, [changed((place, 0.5))], None)
    np.testing.assert_array_equal(pixels_of(picture), images.images.pixels[4].transpose(1, 2, 0))
    assert picture.label == images.images.labels[4]


def test_large_images_are_made_smaller_and_odd_channels_shown_by_the_first(
    subject: Subject,
) -> None:
    engine = changed((0, 1.0))
    (large,) = pictures_of(
        subject, compared(random_images(1, 3, 2 * LARGEST, LARGEST)), [engine], None
    )
    assert pixels_of(large).shape == (LARGEST, LARGEST // 2, 3)
    images = random_images(1, 4, 5, 6)
    (odd,) = pictures_of(subject, compared(images), [engine], None)
    np.testing.assert_array_equal(pixels_of(odd), images.pixels[0, 0])


def test_inputs_without_pixels_have_no_pictures(subject: Subject) -> None:
    none = np.empty((0, 3, 5, 6), np.uint8)
    for labels in (np.empty(0, np.int64), np.arange(4)):
        images = replace(compared(random_images(4, 3, 5, 6)), images=Images(none, labels))
        assert pictures_of(subject, images, [changed((2, 0.5))], None) == ()
