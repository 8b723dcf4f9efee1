"""cifarx.classify in GNU Octave: names and scores, as MATLAB's classify gives them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.special import softmax

from cifarx.export.bundle import Bundle, Formats, write_bundle

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    return tmp_path


def test_names_and_scores_are_those_of_pytorchs_logits(
    octave: Octave, folder: Path, bundle: Bundle
) -> None:
    text = octave(
        """
        net = cifarx.load('model.mat');
        [labels, scores] = cifarx.classify(net, net.test.images, 'MiniBatchSize', 7);
        assert(iscellstr(labels) && isequal(size(labels), [60 1]));
        assert(isa(scores, 'single'));
        printf('%s\\n', labels{:});
        save('-v6', 'out.mat', 'scores');
        """
    )
    reference = bundle.batch.reference
    assert text.splitlines() == [bundle.card.classes[k] for k in reference.argmax(1)]
    scores = loadmat(folder / "out.mat")["scores"]
    np.testing.assert_allclose(scores, softmax(reference, axis=1), rtol=0, atol=1e-5)


def test_large_logits_do_not_overflow_and_a_softmax_is_not_taken_twice(
    octave: Octave, folder: Path
) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        X = net.test.images(:, :, :, 1:3);
        [names, plain] = cifarx.classify(net, X);
        big = net;
        big.layers(end).Bias = big.layers(end).Bias + single(1e4);
        [~, scores] = cifarx.classify(big, X);
        assert(all(isfinite(scores(:))));
        assert(sum(scores, 2), ones(3, 1), 1e-5);

        net.layers(end + 1) = net.layers(end);
        net.layers(end).Name = 'probabilities';
        net.layers(end).Kind = 'SoftmaxLayer';
        net.layers(end).Inputs = {net.layers(end - 1).Name};
        net.outputs.Layer = 'probabilities';
        [again, scores] = cifarx.classify(net, X);
        assert(isequal(scores, plain) && isequal(again, names));
        """
    )


def test_an_image_without_numbers_has_no_class(octave: Octave, folder: Path) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        X = net.test.inputs(:, :, :, 1:2);
        X(3, 4, 2, 1) = NaN;
        [labels, scores] = cifarx.classify(net, X);
        assert(isempty(labels{1}) && all(isnan(scores(1, :))));
        assert(ischar(labels{2}) && all(isfinite(scores(2, :))));
        """
    )


def test_images_of_another_size(octave: Octave, folder: Path) -> None:
    text = octave(
        """
        net = cifarx.load('model.mat');
        try, cifarx.classify(net, zeros(8, 8, 3, 'uint8')), catch e, disp(e.identifier), end
        """
    )
    assert text == "cifarx:classify:imageSize\n"
