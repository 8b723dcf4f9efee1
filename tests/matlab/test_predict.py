"""cifarx.predict in GNU Octave: activations of every layer, mini-batches, memory, bad images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from matlab_layers import from_matlab
from random_networks import random_bundle
from scipy.io import loadmat

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.pytorch_models.registry import models
from cifarx.pytorch_models.run import Run, build_module

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    return tmp_path


def failure(octave: Octave, code: str) -> str:
    return octave(
        "net = cifarx.load('model.mat'); X = net.test.images(:, :, :, 1:3);"
        f"try, {code}, disp('no error'), catch e, disp(e.identifier), disp(e.message), end"
    )


def test_every_activation_is_that_of_pytorchs_module(
    octave: Octave, folder: Path, bundle: Bundle, trained: Run
) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        X = net.test.inputs(:, :, :, 1:5);
        [scores, A] = cifarx.predict(net, X, 'Layers', true, 'MiniBatchSize', 2);
        assert(isequal({A.Name}, {net.layers.Name}) && isrow(A));
        assert(isequal(A(end).Value, scores));
        assert(isequal(scores, cifarx.predict(net, X, 'MiniBatchSize', 2)));
        values = {A.Value};
        save('-v6', 'out.mat', 'values');
        """
    )
    found = loadmat(folder / "out.mat")["values"][0]
    model = build_module(trained).double().eval()
    seen: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        module.register_forward_hook(lambda m, i, o, name=name: seen.__setitem__(name, o))
    with torch.no_grad():
        model(torch.from_numpy(bundle.batch.inputs[0][:5]).double())
    compared = 0
    for layer, value in zip(bundle.graph.layers, found, strict=True):
        expected = seen.get(layer.module)
        if expected is None or layer.kind == "FlattenLayer":
            continue  # flattened features are in MATLAB's order
        np.testing.assert_allclose(
            from_matlab(value, expected.shape), expected.numpy(), rtol=0, atol=1e-5
        )
        compared += 1
    assert compared >= 10


def test_one_image_and_one_class_of_numbers(octave: Octave, folder: Path) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        [scores, A] = cifarx.predict(net, net.test.images(:, :, :, 1), 'Layers', true);
        assert(size(A(1).Value), [32 32 4]);
        assert(size(scores), [10 1]);
        assert(size(cifarx.predict(net, net.test.images(:, :, :, []))), [10 0]);
        """
    )


@pytest.mark.parametrize(
    ("code", "identifier", "said"),
    [
        ("cifarx.predict(net, X(1:28, :, :, :))", "predict:imageSize",
         "takes images of 32-by-32-by-3 (height, width, channels), stacked along the fourth "
         "dimension, but X is 28-by-32-by-3-by-3"),
        ("cifarx.predict(net, X(:, :, 1, :))", "predict:imageSize", "but X is 32-by-32-by-1-by-3"),
        ("cifarx.predict(net, zeros(32, 32, 3, 2, 2, 'uint8'))", "predict:imageSize",
         "3-by-2-by-2"),
        ("cifarx.predict(net, double(X))", "predict:imageClass", "but is double. Convert pixels"),
        ("cifarx.predict(net, {X})", "predict:imageClass", "but is cell. Read an image file with"),
        ("cifarx.predict(net, X(:, :, 1, :))", "predict:imageSize",
         "three channels with repmat(X, [1 1 3])"),
        ("cifarx.classify(net, X, 'Layers', true)", "classify:option", "argument 3 is 'Layers'"),
        ("cifarx.classify(net, int16(X))", "classify:imageClass", "but is int16"),
        ("cifarx.predict(net, complex(single(X)))", "predict:imageClass",
         "but is complex single"),
        ("cifarx.predict(net, X, 'MiniBatchSize', 0)", "predict:miniBatchSize", "but is 0"),
        ("cifarx.predict(net, X, 'MiniBatchSize', [1 2])", "predict:miniBatchSize", "but is [1 2]"),
        ("cifarx.predict(net, X, 'Layers', 'all')", "predict:layers",
         "true or false, but is 'all'"),
        ("[a, b] = cifarx.predict(net, X)", "predict:layers",
         "the option 'Layers': [logits, activations] = cifarx.predict(net, image, 'Layers', true)"),
        ("net.layers(1).Weights(3) = NaN; cifarx.predict(net, X)", "predict:notFinite", "NaN"),
        ("net.layers(1).Weights(3) = NaN; cifarx.classify(net, X)", "classify:notFinite", "NaN"),
        ("cifarx.predict(net, X, 'Batch', 3)", "predict:option", "argument 3 is 'Batch'"),
        ("cifarx.predict(net, X, 'Layers')", "predict:option",
         "'Layers', but 'Layers' has no value."),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(
    octave: Octave, folder: Path, code: str, identifier: str, said: str
) -> None:
    text = failure(octave, code)
    assert text.startswith(f"cifarx:{identifier}\n"), text
    assert said in text


MEMORY = """
net = cifarx.load('model.mat');
shapes = [{net.inputs.Size}, cifarx.internal.check.checkLayers(net)];
largest = 4 * 16 * max(cellfun(@prod, shapes));
X = zeros([net.inputs.Size, COUNT], 'uint8');
cifarx.predict(net, X(:, :, :, 1:2));
id = fopen('/proc/self/clear_refs', 'w'); fprintf(id, '5'); fclose(id);  % forget the peak
number = @(key) str2double(regexp(fileread('/proc/self/status'), [key ':\\s*(\\d+)'], ...
                                  'tokens', 'once'){1});
before = number('VmRSS');
cifarx.predict(net, X);
printf('%g\\n', (number('VmHWM') - before) * 1024 / largest);
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc (not Linux)")
@pytest.mark.parametrize("name", ["bn5", "dynconv"])
@pytest.mark.parametrize("count", [16, 160])
def test_memory_is_that_of_a_batch_whatever_the_number_of_images(
    octave: Octave, tmp_path: Path, name: str, count: int
) -> None:
    spec = models()[name]
    bundle = random_bundle(spec.builder, spec.name, spec.input_size)
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    assert 1 < float(octave(MEMORY.replace("COUNT", str(count)))) < 6


STRINGS = {
    "@string/string.m": """function s = string(text)
        s = class(struct('text', text), 'string');
        end""",
    "@string/char.m": "function text = char(s), text = s.text; end",
    "isstring.m": "function yes = isstring(s), yes = isa(s, 'string'); end",
}
"""MATLAB's string scalars, which Octave lacks, as far as they are asked anything here."""


def test_strings_do_as_well_as_char(octave: Octave, folder: Path) -> None:
    for name, text in STRINGS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    octave(
        """
        net = cifarx.load(string('model.mat'));
        X = net.test.images(:, :, :, 1:3);
        Y = cifarx.predict(net, X);
        assert(isequal(cifarx.predict(net, X, string('MiniBatchSize'), 2), Y));
        [~, A] = cifarx.predict(net, X, string('Layers'), true);
        assert(numel(A), numel(net.layers));
        [labels, scores] = cifarx.classify(net, X, string('MiniBatchSize'), 2);
        assert(numel(labels), 3);
        cifarx.save(net, string('tuned.mat'));
        assert(exist('tuned.mat', 'file'), 2);
        file = string('a.matlab-result.mat');
        report = cifarx.verify(string('model.mat'), 'ResultFile', file);
        assert(report.resultFile, 'a.matlab-result.mat');
        """
    )
