"""cifarx.verify in GNU Octave: layers within their bounds, faults named, and the result file."""

from __future__ import annotations

import hashlib
import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import faults
import numpy as np
import pytest
from random_networks import random_bundle
from scipy.io import loadmat

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.export.network import layout
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.registry import ModelSpec
from cifarx.verify.engines.toolbox_path import toolbox_path

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]
TINY = [spec for spec in registry.models().values() if spec.name.endswith("-tiny")]
WHOLE = [spec for spec in registry.models().values() if spec not in TINY]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    return tmp_path


def ratios(octave: Octave, folder: Path, spec: ModelSpec) -> dict[str, float]:
    """cifarx.verify must find the network equivalent; the largest ratio of each layer."""
    bundle = random_bundle(spec.builder, spec.name, spec.input_size)
    write_bundle(bundle, folder, "model", Formats(mat=True))
    text = octave("r = cifarx.verify('model.mat'); assert(all([r.layers.passed]));")
    assert text.splitlines()[-1].startswith("EQUIVALENT"), text
    content = loadmat(folder / "model.matlab-result.mat")
    names = [cell.item() for cell in content["layer_names"].ravel()]
    assert names == [layer.name for layer in bundle.graph.layers]
    kinds = {layer.name: layer.kind for layer in bundle.graph.layers}
    found = dict(zip(names, content["layer_ratios"].ravel().tolist(), strict=True))
    sums = [found[name] for name in names if "Convolution" in kinds[name] or "Fully" in kinds[name]]
    assert min(sums) > 0  # something was rounded, and compared
    return found


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.name)
def test_every_layer_of_a_small_network_is_within_its_bound(
    octave: Octave, tmp_path: Path, spec: ModelSpec
) -> None:
    assert max(ratios(octave, tmp_path, spec).values()) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("spec", WHOLE, ids=lambda spec: spec.name)
def test_every_layer_of_a_network_of_the_zoo_is_within_its_bound(
    octave: Octave, tmp_path: Path, spec: ModelSpec
) -> None:
    assert max(ratios(octave, tmp_path, spec).values()) <= 1


def test_the_line_names_the_layer_nearest_to_its_bound(octave: Octave, folder: Path) -> None:
    line = octave("cifarx.verify('model.mat');").splitlines()[3]
    runtime, logits, layers, *rest = line.split(" | ")[1:]
    assert runtime.startswith("octave ")
    assert logits == "logits 10x60"
    content = loadmat(folder / "model.matlab-result.mat")
    ratio = content["layer_ratios"].ravel()
    name = content["layer_names"].ravel()[ratio.argmax()].item()
    assert layers == f"worst layer {name}: {ratio.max():.2g} of bound"
    assert rest[0].startswith("RMS ")
    assert rest[-1] == "predictions 60/60"


@dataclass(frozen=True)
class Fault:
    """A statement put before or behind a layer's arithmetic, where `given` has its arguments."""

    function: str
    before: str = ""
    behind: str = ""


HALF = "x = given{2}; unit = 2.^(floor(log2(abs(x))) - 10); given{2} = round(x ./ unit) .* unit;"
FAULTS = {
    "weights rounded to half": (
        "conv2",
        Fault("convolution2d", f"if size(given{{2}}, 4) == 6, {HALF} end"),
    ),
    "one of 48 kernels transposed": (
        "conv3",
        Fault(
            "convolution2d",
            "if size(given{2}, 4) == 8, given{2}(:, :, 5, 2) = given{2}(:, :, 5, 2).'; end",
        ),
    ),
    "one weight off by a thousandth": (
        "fc1",
        Fault(
            "fullyConnected", "if size(given{2}, 1) == 16, given{2}(7) = given{2}(7) * 1.001; end"
        ),
    ),
    "no bias": (
        "conv1",
        Fault("convolution2d", "if size(given{2}, 4) == 4, given{3}(:) = 0; end"),
    ),
    "epsilon twice as large": (
        "norm2",
        Fault("batchNormalization", "if size(given{2}, 3) == 6, given{6} = 2 * given{6}; end"),
    ),
    "unbiased variance": (
        "norm3",
        Fault(
            "batchNormalization", "if size(given{2}, 3) == 8, given{5} = given{5} * (60 / 59); end"
        ),
    ),
    "a ReLU that lets through what no prediction shows": (
        "relu2",
        Fault("relu", behind="if size(Y, 3) == 6, Y = max(Y, 1e-9); end"),
    ),
    "a mean with a divisor that is off by a millionth": (
        "pool",
        Fault("averagePooling2d", behind="Y = Y * single(1 + 4e-6);"),
    ),
    "flattened along the width first": (
        "flatten",
        Fault("flatten", "given{1} = permute(given{1}, [2 1 3 4]);"),
    ),
    "dropout at prediction": ("drop3", Fault("dropout", behind="Y(1) = 0; Y(2) = Y(2) * 1.25;")),
    "a NaN": ("fc2", Fault("fullyConnected", behind="if size(Y, 1) == 10, Y(3) = NaN; end")),
}


def break_toolbox(fault: Fault, copy: Path) -> None:
    """A copy of the toolbox in which one function computes something else."""
    shutil.copytree(toolbox_path(), copy)
    layers = copy / "+cifarx" / "+layer"
    (layers / f"{fault.function}.m").rename(layers / "sound.m")
    (layers / f"{fault.function}.m").write_text(
        f"function Y = {fault.function}(varargin)\ngiven = varargin;\n{fault.before}\n"
        f"Y = cifarx.layer.sound(given{{:}});\n{fault.behind}\nend\n"
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_layer_that_computes_something_else_is_named(
    octave: Octave, folder: Path, bundle: Bundle, name: str
) -> None:
    wanted, fault = FAULTS[name]
    break_toolbox(fault, folder / "broken")
    text = octave(
        f"rmpath('{toolbox_path()}'); addpath('broken'); r = cifarx.verify('model.mat');"
        "disp(strjoin({r.layers(~[r.layers.passed]).Name}, ' '));"
    )
    *lines, failed = text.splitlines()
    assert failed == wanted
    (layer,) = (la for la in bundle.graph.layers if la.name == wanted)
    (line,) = (line for line in lines if line.startswith("FAILED | octave"))
    assert f"worst layer {wanted} ({layer.kind}, module '{layer.module}'): " in line
    assert f"1 of {len(bundle.graph.layers)} layers are beyond it" in line
    assert not lines[-1].startswith("EQUIVALENT")


def test_a_fault_that_no_output_shows_is_found_in_its_layer(octave: Octave, folder: Path) -> None:
    fault = Fault("relu", behind="if size(Y, 3) == 6, Y = max(Y, 1e-30); end")
    break_toolbox(fault, folder / "broken")
    text = octave(
        f"rmpath('{toolbox_path()}'); addpath('broken'); r = cifarx.verify('model.mat');"
        "assert(r.ratio < 3); assert(r.verdict, 'SAME PREDICTIONS');"
    )
    assert "worst layer relu2 (ReLULayer" in text


def test_the_bound_is_the_lesser_of_highams_two(octave: Octave) -> None:
    text = octave(
        "bound = @(varargin) cifarx.internal.truth.gammaBound(varargin{:});"
        "printf('%.17g ', bound(9), bound(1000, 5000));"
    )
    small, large = map(float, text.split())
    u = 2.0**-24
    assert small == pytest.approx(9 * u / (1 - 9 * u), rel=1e-12)
    # one of 5000 sums of 1000 terms in a million, each term with a chance of 2 exp(-x^2 / 2)
    lam = math.sqrt(2 * math.log(2 * 1000 * 5000 * 1e6)) / (1 - u)
    expected = math.exp(lam * math.sqrt(1000) * u + 1000 * u**2 / (1 - u)) - 1
    assert large == pytest.approx(expected, rel=1e-9)
    assert large < 1000 * u / 3


def test_layers_are_judged_on_as_many_images_as_asked_for(octave: Octave, folder: Path) -> None:
    fault = Fault("relu", behind="global seen, if size(Y, 3) == 6, seen(end + 1) = size(Y, 4); end")
    break_toolbox(fault, folder / "broken")
    text = octave(
        f"rmpath('{toolbox_path()}'); addpath('broken'); global seen;"
        "r = cifarx.verify('model.mat', 'LayerImages', 5); disp(sum(seen)); seen = [];"
        "r = cifarx.verify('model.mat', 'LayerImages', Inf); disp(sum(seen)); disp(max(seen));"
    )
    some, every, at_once = (int(line) for line in text.splitlines() if line.strip().isdigit())
    assert some == 60 + 5  # those that give the outputs, and those that are judged
    assert every == 60 + 60
    assert at_once < 60


def test_the_result_file_holds_what_was_found_and_of_what(
    octave: Octave, folder: Path, bundle: Bundle
) -> None:
    octave("r = cifarx.verify('model.mat'); assert(r.resultFile, 'model.matlab-result.mat');")
    content = loadmat(folder / "model.matlab-result.mat")
    batch = bundle.batch
    model = loadmat(folder / "model.mat")
    inputs = layout.to_matlab(batch.inputs[0]).tobytes(order="F")
    assert content["format"]["name"].item().item() == "cifarx-matlab-result"
    assert content["format"]["version"].item().item() == 2
    assert content["runtime"].item().startswith("octave ")
    assert content["verdict"].item() == "EQUIVALENT"
    assert content["arrays_sha256"].item() == model["format"]["arrays_sha256"].item().item()
    digest = hashlib.sha256((folder / "model.mat").read_bytes()).hexdigest()
    assert content["model_sha256"].item() == digest
    assert content["inputs_sha256"].item() == hashlib.sha256(inputs).hexdigest()
    assert content["normalized_sha256"].item() == content["inputs_sha256"].item()
    assert content["logits"].dtype == np.float32
    np.testing.assert_allclose(content["logits"], batch.reference.T, rtol=0, atol=1e-5)
    assert sorted(p.name for p in folder.iterdir()) == ["model.mat", "model.matlab-result.mat"]


def test_an_older_result_is_replaced_and_one_with_another_name_is_left(
    octave: Octave, folder: Path
) -> None:
    (folder / "model.matlab-result.mat").write_text("older")
    octave("cifarx.verify('model.mat', 'ResultFile', 'other.matlab-result.mat');")
    assert (folder / "model.matlab-result.mat").read_text() == "older"
    octave("cifarx.verify('model.mat');")
    a, b = (loadmat(folder / f"{n}.matlab-result.mat") for n in ("model", "other"))
    assert a["logits"].tobytes() == b["logits"].tobytes()


def test_no_result_file_where_none_is_wanted(octave: Octave, folder: Path) -> None:
    text = octave("r = cifarx.verify('model.mat', 'ResultFile', ''); assert(r.resultFile, '');")
    assert "wrote" not in text
    assert [p.name for p in folder.iterdir()] == ["model.mat"]


@pytest.mark.parametrize("place", ["nowhere/x.matlab-result.mat", "taken.matlab-result.mat"])
def test_a_result_that_cannot_be_written_fails_nothing_but_is_told(
    octave: Octave, folder: Path, place: str
) -> None:
    (folder / "taken.matlab-result.mat").mkdir()
    text = octave(
        f"r = cifarx.verify('model.mat', 'ResultFile', '{place}');"
        "assert(r.verdict, 'EQUIVALENT'); assert(r.resultFile, '');"
    )
    assert f"{place} was not written: " in text
    assert text.splitlines()[-1].startswith("EQUIVALENT")
    assert sorted(p.name for p in folder.iterdir()) == ["model.mat", "taken.matlab-result.mat"]


@pytest.mark.parametrize(
    ("options", "identifier", "said"),
    [
        ("'ResultFile', 'model.mat'", "resultFile", "ends in '.matlab-result.mat'"),
        ("'ResultFile', 3", "resultFile", "or '' for none, but is 3."),
        ("'LayerImages', 0", "layerImages", "whole number of images, 1 or more, or Inf"),
        ("'LayerImages', 1.5", "layerImages", "or Inf for all, but is 1.5."),
        ("'LayerImages'", "option", "'ResultFile', 'LayerImages', but 'LayerImages' has no value."),
        ("'Foo', 1", "option", "argument 2 is 'Foo'"),
    ],
)
def test_options_that_are_not_allowed(
    octave: Octave, folder: Path, options: str, identifier: str, said: str
) -> None:
    before = (folder / "model.mat").read_bytes()
    text = octave(
        f"try, cifarx.verify('model.mat', {options}); disp('no error'), "
        "catch e, disp(e.identifier), disp(e.message), end"
    )
    assert text.startswith(f"cifarx:verify:{identifier}\n")
    assert said in text
    assert (folder / "model.mat").read_bytes() == before


def test_weights_changed_in_the_file_are_no_fault_of_a_layer(octave: Octave, folder: Path) -> None:
    faults.edit_layer(folder, "conv3", "Weights", lambda w: w * np.float32(1.01))
    text = octave("r = cifarx.verify('model.mat'); assert(all([r.layers.passed]));")
    assert text.startswith("FAILED | weights")
