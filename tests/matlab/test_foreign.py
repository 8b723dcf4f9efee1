"""The toolbox in GNU Octave on files of networks that are not of cifarx's zoo.

Nothing says how their pixels are normalised, names may be outside ASCII, outputs may be maps.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matlab_layers import Octave, distance, double, layer, roundings, row, single
from scipy.io import loadmat, savemat
from torch.nn import functional

from cifarx.export.network import layout

pytestmark = pytest.mark.octave

CLASSES = ["Äpfel", "plain", "日本"]
IMAGES, LAYERS, FIELDS = 5, 4, ("Name", "Kind", "Inputs", "Weights", "Bias", "Source", "Module")
OPTIONS = ("Stride", "Padding", "DilationFactor", "Approximation")


def text(words: str) -> Any:
    """Char, or UTF-8 bytes outside ASCII, as in model.mat."""
    return words if words.isascii() else np.frombuffer(words.encode(), np.uint8)[None]


def cells(*items: Any) -> np.ndarray:
    row = np.empty((1, len(items)), object)
    row[0, :] = items
    return row


def network() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The content of a model.mat, and its arrays: a convolution, GELU, a pooling to 3 features."""
    x, w, b = single(IMAGES, 2, 4, 6), single(3, 2, 3, 3), single(3)
    weights, bias = layout.kernels_to_matlab(w), b.reshape(1, 1, 3)
    layers = np.empty((1, LAYERS), [(field, object) for field in (*FIELDS, *OPTIONS)])
    chain = [
        layer(
            "Convolution2DLayer",
            Stride=row(1, 1),
            Padding=row(1, 1, 1, 1),
            DilationFactor=row(1, 1),
            Weights=weights,
            Bias=bias,
            Source={"Weights": text("größe.weight"), "Bias": "plain.bias"},
            Module=text("größe"),
        ),
        layer("GELULayer", Approximation="none"),
        layer("GlobalAveragePooling2DLayer"),
        layer("FlattenLayer"),
    ]
    for i, fields in enumerate(chain):
        for field in layers.dtype.names:
            layers[0, i][field] = fields.get(field, np.empty((0, 0)))
        layers[0, i]["Name"] = f"layer{i + 1}"
        layers[0, i]["Inputs"] = cells(f"layer{i}" if i else "image")
        layers[0, i]["Module"] = fields.get("Module", "")

    def logits(number: type) -> np.ndarray:
        maps = functional.conv2d(*(torch.tensor(v.astype(number)) for v in (x, w, b)), padding=1)
        return functional.gelu(maps).mean((2, 3)).numpy()

    digest = hashlib.sha256(weights.tobytes(order="F") + bias.tobytes(order="F")).hexdigest()
    content = {
        "format": {
            "name": "cifarx",
            "version": 1.0,
            "producer": "somebody else",
            "model": "net",
            "recipe": "",
            "checkpoint_sha256": "0" * 64,
            "onnx_sha256": "0" * 64,
            "arrays_sha256": digest,
        },
        "input": {
            "Name": "image",
            "InputSize": row(4, 6, 2),
            "Normalization": "none",
            "Mean": np.empty((0, 0), np.float32),
            "StandardDeviation": np.empty((0, 0), np.float32),
        },
        "layers": layers,
        "outputs": cells(f"layer{LAYERS}"),
        "classes": cells(*map(text, CLASSES)),
        "test": {
            "images": np.empty((0, 0), np.uint8),
            "inputs": layout.to_matlab(x),
            "labels": np.empty((0, 0)),
            "logits": logits(np.float32).T,
            "reference": logits(np.float64).T,
        },
    }
    return content, {"x": x, "w": w, "b": b}


def write(content: dict[str, Any], folder: Path) -> None:
    savemat(folder / "model.mat", content, long_field_names=True)


def failure(octave: Octave, code: str) -> str:
    return octave(
        f"try, {code}, disp('no error'), catch e, disp(e.identifier), disp(e.message), end"
    )


def test_names_outside_ascii(octave: Octave, tmp_path: Path) -> None:
    write(network()[0], tmp_path)
    said = octave(
        """
        net = cifarx.load('model.mat');
        assert(iscellstr(net.classes));
        printf('%s\\n', net.classes{:});
        assert(ischar(net.layers(1).Module));
        disp(net.layers(1).Module);
        disp(net.layers(1).Source.Weights);
        disp(net.layers(1).Source.Bias);
        assert(fieldnames(net.layers(1).Source), {'Weights'; 'Bias'});
        assert(isempty(net.layers(2).Source));
        """
    )
    assert said.splitlines() == [*CLASSES, "größe", "größe.weight", "plain.bias"]


def test_verify_takes_inputs_as_they_are(octave: Octave, tmp_path: Path) -> None:
    write(network()[0], tmp_path)
    lines = octave("report = cifarx.verify('model.mat'); assert(report.ratio < 3);").splitlines()
    assert lines[0].startswith("PASSED | weights | 2 arrays are as exported")
    assert lines[1] == (
        f"PASSED | input | the file has no normalization; its {IMAGES} inputs are used as they are"
    )
    assert lines[-1].startswith("EQUIVALENT | octave ")
    assert lines[-1].endswith(f"on the {IMAGES} test inputs of model.mat")


def test_verify_catches_a_wrong_input(octave: Octave, tmp_path: Path) -> None:
    content, _ = network()
    content["test"]["inputs"][..., 0] += 1
    write(content, tmp_path)
    lines = octave("cifarx.verify('model.mat');").splitlines()
    assert lines[3].startswith("FAILED | octave")
    assert not lines[-1].startswith("EQUIVALENT")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("images", np.zeros((4, 6, 2, IMAGES), np.uint8)),
        ("inputs", np.zeros((0, 0), np.float32)),
        ("labels", np.ones((1, IMAGES - 1))),
        ("reference", np.ones((3, IMAGES + 1))),
    ],
)
def test_a_test_batch_that_is_not_sound(
    octave: Octave, tmp_path: Path, field: str, value: np.ndarray
) -> None:
    content, _ = network()
    content["test"][field] = value
    write(content, tmp_path)
    text = failure(octave, "cifarx.verify('model.mat')")
    assert text.startswith(f"cifarx:load:fieldSize\n'model.mat': test.{field} is ")


def test_pixels_are_refused_without_a_normalisation(octave: Octave, tmp_path: Path) -> None:
    write(network()[0], tmp_path)
    text = failure(octave, "cifarx.predict(cifarx.load('model.mat'), zeros(4, 6, 2, 'uint8'))")
    assert text.startswith("cifarx:predict:normalization\nX is uint8 (pixels), but the file")


def test_a_job_without_images(octave: Octave, tmp_path: Path) -> None:
    content, arrays = network()
    write(content, tmp_path)
    savemat(tmp_path / "job.mat", {"inputs": layout.to_matlab(arrays["x"])})
    octave("cifarx.internal.runJob('model.mat', 'job.mat', 'result.mat');")
    result = {k: v for k, v in loadmat(tmp_path / "result.mat").items() if k[0] != "_"}
    assert sorted(result) == ["logits", "outputs", "runtime"]
    reference = torch.tensor(content["test"]["reference"])
    assert distance(result["logits"], reference) < 8


@pytest.mark.parametrize("count", [1, IMAGES])
def test_a_network_that_gives_maps(octave: Octave, tmp_path: Path, count: int) -> None:
    content, arrays = network()
    write(content, tmp_path)
    octave(
        f"""
        net = cifarx.load('model.mat');
        net.outputs.Layer = 'layer2';
        Y = cifarx.internal.forward(net, {{net.test.inputs(:, :, :, 1:{count})}});
        Y = Y{{1}};
        save('-v6', 'out.mat', 'Y');
        """
    )
    x, w, b = (double(arrays[k]) for k in "xwb")
    expected = functional.gelu(functional.conv2d(x[:count], w, b, padding=1))
    assert roundings(loadmat(tmp_path / "out.mat")["Y"], expected) < 8
