"""cifarx.dlnetwork and its kin, run in GNU Octave over the stand-in for Deep Learning Toolbox.

The stand-in's constructors take only what MathWorks' documentation gives and compute in double
precision, by other arithmetic than the toolbox's own: correct networks agree with PyTorch's float64
to 1e-12. What real MATLAB makes of the same calls, these tests cannot tell.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import every_kind
import numpy as np
import pytest
import torch
from scipy.io import loadmat
from stand_in import TESTS, Octave
from torch import nn

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.export.from_torch.answers import make_batch
from cifarx.export.from_torch.reader import graph_from_module
from cifarx.export.mat.reader import read_mat
from cifarx.export.network.interface import Input
from cifarx.export.network.model_card import ModelCard
from cifarx.export.network.names import INPUT
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.data.images import Images

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path("+cifarx") / "+internal" / "+build"
EXACT = 1e-12
EVERY = (*every_kind.NETWORKS, *every_kind.OTHERS)

octave_only = pytest.mark.octave


@pytest.fixture
def octave(octave_program: str, tmp_path: Path) -> Octave:
    return Octave(octave_program, tmp_path)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The networks that have every kind of layer, made anew by PyTorch."""
    folder = tmp_path_factory.mktemp("every_kind")
    for name in EVERY:
        every_kind.write(name, folder)
    return folder


def test_every_kind_of_layer_is_built() -> None:
    text = (ROOT / "matlab" / "toolbox" / BUILD / "buildLayer.m").read_text()
    assert re.findall(r"^    case '(\w+)'", text, re.MULTILINE) == list(VOCABULARY)


def test_the_test_networks_have_every_kind(written: Path) -> None:
    kinds = {
        layer.kind for name in EVERY for layer in read_mat(written / f"{name}.mat").graph.layers
    }
    assert kinds == set(VOCABULARY)


@pytest.mark.parametrize("name", EVERY)
def test_the_files_for_matlab_owners_hold_these_networks(name: str, written: Path) -> None:
    old, new = (read_mat(folder / f"{name}.mat").graph for folder in (every_kind.DATA, written))
    assert [(x.name, x.kind, x.inputs, x.hyper) for x in old.layers] == [
        (x.name, x.kind, x.inputs, x.hyper) for x in new.layers
    ]


def test_the_stand_in_is_not_shipped() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert wheel["targets"]["wheel"]["force-include"] == {"matlab/toolbox": "cifarx/toolbox"}
    shipped = {p.name for p in (ROOT / "matlab" / "toolbox").rglob("*.m")}
    assert not {"layerGraph.m", "standInLayer.m"} & shipped


def test_every_constructor_of_the_stand_in_cites_its_documentation() -> None:
    undocumented = {"class.m", "hash.m", "BasicDigester.m"}
    for path in (TESTS / "standin").rglob("*.m"):
        if not path.name.startswith("standIn") and path.name not in undocumented:
            assert "% https://www.mathworks.com/help/" in path.read_text(), path.name


@octave_only
@pytest.mark.parametrize("name", every_kind.NETWORKS)
def test_a_dlnetwork_computes_what_pytorch_computes_in_float64(
    name: str, octave: Octave, written: Path
) -> None:
    assert float(octave.judged(f"{written}/{name}.mat")) < EXACT
    octave(
        f"""
        net = cifarx.load('{written}/{name}.mat');
        inputs = net.test.inputs;
        net.inputs.Normalization = 'none';
        found = cifarx.internal.build.runDlnetwork(cifarx.dlnetwork(net), net, {{inputs}});
        logits = found{{1}};
        save('-v6', 'out.mat', 'logits', 'inputs');
        """
    )
    out = loadmat(octave.folder / "out.mat")
    x = torch.tensor(np.ascontiguousarray(out["inputs"].transpose(3, 2, 0, 1))).double()
    with torch.no_grad():
        expected = every_kind.made(name).double()(x).numpy()
    np.testing.assert_allclose(out["logits"].T, expected, rtol=0, atol=EXACT)


@octave_only
@pytest.mark.parametrize("name", every_kind.OTHERS)
def test_a_dlnetwork_has_the_inputs_and_outputs_of_the_network(
    name: str, octave: Octave, written: Path
) -> None:
    assert float(octave.judged(f"{written}/{name}.mat")) < EXACT
    octave(
        f"""
        net = cifarx.load('{written}/{name}.mat');
        dlnet = cifarx.dlnetwork(net);
        assert(isequal(dlnet.InputNames, {{net.inputs.Name}}));
        assert(isequal(sort(dlnet.OutputNames), sort({{net.outputs.Layer}})));
        """
    )


def copy_without(function: str, folder: Path) -> Path:
    """A copy of matlab/tests in which the stand-in lacks a function."""
    tests = folder / "tests"
    shutil.copytree(TESTS, tests, ignore=shutil.ignore_patterns("data"))
    for path in (tests / "standin").rglob(f"{function}.m"):
        path.unlink()
    return tests


def small_bundle(builder: Callable[[int], nn.Module], size: tuple[int, int, int]) -> Bundle:
    """A network of the zoo with random weights, and two images."""
    torch.manual_seed(0)
    module = builder(7).eval()
    pixels = np.random.RandomState(0).randint(0, 256, (2, *size), dtype=np.uint8)
    half = np.full(size[0], 127.5, np.float32)
    numbers = tuple(map(float, half))
    card = ModelCard("net", "", tuple("abcdefg"), numbers, numbers, "0" * 64)
    images = Images(pixels, np.arange(2))
    return Bundle(
        graph_from_module(module, [Input(INPUT, size)]),
        card,
        make_batch(module, images, half, half),
    )


TINY = [spec for spec in registry.models().values() if spec.name.endswith("-tiny")]


@octave_only
@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.name)
def test_each_family_of_the_zoo_becomes_a_dlnetwork(
    spec: registry.ModelSpec, octave: Octave
) -> None:
    bundle = small_bundle(spec.builder, spec.input_size)
    write_bundle(bundle, octave.folder, "model", Formats(mat=True))
    assert float(octave.judged("model.mat")) < EXACT


@dataclass(frozen=True)
class Mutation:
    """A mistake in the builder, and the network that must show it."""

    name: str
    network: str
    old: str
    new: str
    file: str = "buildLayer.m"


TOP = "affine = {'Scale', 'Offset'};"


def edited(name: str, network: str, change: str) -> Mutation:
    """One that changes what the file says of every layer that has such a property."""
    return Mutation(name, network, TOP, f"{TOP} {change}")


def prop(key: str, expression: str) -> str:
    return f"if ~isempty(layer.{key}), layer.{key} = {expression}; end"


MUTATIONS = [
    edited("pads as ONNX orders them", "windows", prop("Padding", "layer.Padding([1 3 2 4])")),
    edited("pads upside down", "windows", prop("Padding", "layer.Padding([2 1 3 4])")),
    edited("strides swapped", "windows", prop("Stride", "fliplr(layer.Stride)")),
    edited("pool sizes swapped", "windows", prop("PoolSize", "fliplr(layer.PoolSize)")),
    edited("cropping upside down", "windows", prop("Cropping", "layer.Cropping([2 1 3 4])")),
    edited("kernels turned", "windows", prop("Weights", "rot90(layer.Weights, 2)")),
    edited(
        "kernels of a transposed convolution as those of a convolution",
        "windows",
        "if ~isempty(layer.Cropping), layer.Weights = permute(layer.Weights, [1 2 4 3]); end",
    ),
    edited(
        "weights of features transposed",
        "norms",
        "if ismatrix(layer.Weights), layer.Weights = layer.Weights.'; end",
    ),
    edited(
        "features flattened as PyTorch does",
        "windows",
        "if size(layer.Weights, 2) == 4 * 7 * 4, w = reshape(layer.Weights, [], 7, 4, 4); "
        "layer.Weights = reshape(permute(w, [1 3 2 4]), size(w, 1), []); end",
    ),
    edited("biases forgotten", "windows", prop("Bias", "0 * layer.Bias")),
    Mutation("dilation forgotten", "windows", "'Padding', 'DilationFactor'}", "'Padding'}"),
    Mutation("a name nobody documents", "windows", "'Cropping'}", "'Padding'}"),
    Mutation(
        "groups and filters swapped",
        "windows",
        "size(layer.Weights, 4), layer.NumGroups}",
        "layer.NumGroups, size(layer.Weights, 4)}",
    ),
    Mutation("padding counts as zeros", "windows", "[pooling, {'PaddingValue'}]", "pooling"),
    Mutation("no Epsilon in batch norm", "norms", "'TrainedVariance', 'Epsilon'}",
             "'TrainedVariance'}"),
    Mutation("no Epsilon in layer norm", "norms", "{'Epsilon', 'OperationDimension'}",
             "{'OperationDimension'}"),
    Mutation("no Epsilon in group norm", "norms", "first, [affine, {'Epsilon'}]", "first, affine"),
    Mutation("no Epsilon in instance norm", "norms", "{}, [affine, {'Epsilon'}]", "{}, affine"),
    Mutation("maps normalised over pixels, too", "norms", "'channel-only'", "'auto'"),
    Mutation("no trained statistics", "norms", "{'TrainedMean', 'TrainedVariance',",
             "{'TrainedMean',"),
    edited(
        "scale and offset swapped",
        "norms",
        "s = layer.Scale; layer.Scale = layer.Offset; layer.Offset = s;",
    ),
    Mutation("no K in response norm", "norms", "{'Alpha', 'Beta', 'K'}", "{'Alpha', 'Beta'}"),
    Mutation("leak forgotten", "curves", "{layer.Scale}", "{0.01}"),
    Mutation("ceiling forgotten", "curves", "{layer.Ceiling}", "{1e9}"),
    Mutation("alpha of ELU forgotten", "curves", "{layer.Alpha}", "{1}"),
    Mutation("alpha of PReLU forgotten", "curves", "@preluLayer, {}, {'Alpha'}",
             "@preluLayer, {}, {}"),
    Mutation("both GELUs exact", "curves", "{'Approximation'}", "{}"),
    Mutation("Offset called Bias", "curves", "@scalingLayer, {}, affine",
             "@scalingLayer, {}, {'Scale', 'Bias'}"),
    Mutation("joined along another dimension", "joins", "{layer.Dim, count}", "{3, count}"),
    Mutation("joined along the first dimension", "joins", "{layer.Dim, count}", "{1, count}"),
    edited(
        "square weights of features transposed",
        "joins",
        "if ismatrix(layer.Weights) && size(layer.Weights, 1) == size(layer.Weights, 2), "
        "layer.Weights = layer.Weights.'; end",
    ),
    Mutation("inputs joined backwards", "joins", "layer.Name, k)",
             "layer.Name, numel(from) + 1 - k)", "wiring.m"),
    Mutation("default normalisation", "windows", "'Normalization', 'zscore', 'Mean',", "'Mean',",
             "buildNetwork.m"),
    Mutation("variance for deviation", "windows", "'StandardDeviation', input.StandardDeviation,",
             "'StandardDeviation', input.StandardDeviation.^2,", "buildNetwork.m"),
]  # fmt: skip


def mutated(toolbox: Path, mutation: Mutation) -> None:
    path = toolbox / BUILD / mutation.file
    text = path.read_text()
    assert text.count(mutation.old) == 1, f"{mutation.old} is not once in {mutation.file}"
    path.write_text(text.replace(mutation.old, mutation.new))


@octave_only
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_in_the_builder_shows(
    mutation: Mutation, octave_program: str, written: Path, tmp_path: Path
) -> None:
    toolbox = tmp_path / "toolbox"
    shutil.copytree(ROOT / "matlab" / "toolbox", toolbox)
    mutated(toolbox, mutation)
    found = Octave(octave_program, tmp_path, toolbox).judged(f"{written}/{mutation.network}.mat")
    if not found.startswith(
        ("cifarx:dlnetwork:refused\n", "cifarx:dlnetwork:assembly\n", "standin:")
    ):
        assert float(found) > 1e3 * EXACT


@octave_only
@pytest.mark.parametrize(
    ("missing", "network", "release"),
    [
        ("geluLayer", "curves", "R2022b"),
        ("preluLayer", "curves", "R2024a"),
        ("scalingLayer", "curves", "R2025a"),
        ("layerNormalizationLayer", "norms", "R2023a"),
    ],
)
def test_an_older_release_is_told_which_one_it_takes(
    missing: str, network: str, release: str, octave_program: str, written: Path, tmp_path: Path
) -> None:
    octave = Octave(octave_program, tmp_path, tests=copy_without(missing, tmp_path))
    text = octave.failure(f"cifarx.dlnetwork('{written}/{network}.mat')")
    assert text.startswith("cifarx:dlnetwork:release\nLayer '")
    assert f"this MATLAB has no {missing}. It needs Deep Learning Toolbox of {release}" in text


@octave_only
@pytest.mark.parametrize(
    ("call", "needed"),
    [
        ("dlnetwork('{}')", "dlnetwork"),
        ("openInDesigner('{}')", "deepNetworkDesigner"),
        ("importONNX('{}')", "importNetworkFromONNX"),
        ("fineTune('{}', 1, 1)", "trainNetwork"),
    ],
)
def test_without_the_toolbox_the_error_says_what_is_missing(
    call: str, needed: str, octave_program: str, written: Path, tmp_path: Path
) -> None:
    octave = Octave(octave_program, tmp_path, release="")
    text = octave.failure(f"cifarx.{call.format(written / 'norms.mat')}")
    name = call.split("(")[0]
    assert text.startswith(f"cifarx:{name}:toolbox\ncifarx.{name} needs Deep Learning Toolbox")
    assert f"its function {needed})" in text


@octave_only
@pytest.mark.parametrize(
    ("change", "identifier", "said"),
    [
        ("net.layers(2).Kind = 'system'", "unknownKind", "is of kind 'system', for which"),
        ("net.layers(6).WindowChannelSize = 17", "window", "normalizes over 17 channels"),
        ("net.layers(2).Epsilon = 0", "refused", "of this MATLAB refuses its values"),
        (
            "net.layers(3).Inputs = {'nobody'}",
            "unknownInput",
            "reads 'nobody', which is not an earlier layer",
        ),
        ("net.layers(10).Weights(:, 1) = []", "assembly", "cannot assemble the layers"),
    ],
)
def test_what_cannot_be_built_is_refused_by_name(
    change: str, identifier: str, said: str, octave: Octave, written: Path
) -> None:
    text = octave.failure(
        f"net = cifarx.load('{written}/norms.mat'); {change}; cifarx.dlnetwork(net)"
    )
    assert text.startswith(f"cifarx:dlnetwork:{identifier}\n")
    assert said in text


@octave_only
def test_flattening_stays_a_layer_where_others_than_fully_connected_ones_read_it(
    octave: Octave, written: Path
) -> None:
    count = "dlnet = cifarx.dlnetwork('{}'); disp(sum(strcmp(arrayfun(@class, dlnet.Layers, "
    count += "'UniformOutput', false), 'nnet.cnn.layer.FlattenLayer')));"
    found = {n: int(octave(count.format(written / f"{n}.mat"))) for n in every_kind.NETWORKS}
    assert {name: count for name, count in found.items() if count} == {"curves": 1, "joins": 4}


@octave_only
def test_releases_before_trainnet_train_by_trainnetwork_and_open_a_layer_graph(
    octave_program: str, written: Path, tmp_path: Path
) -> None:
    octave = Octave(octave_program, tmp_path, release="R2022b")
    text = octave(
        f"""
        cifarx.openInDesigner('{written}/windows.mat');
        net = cifarx.load('{written}/windows.mat');
        [tuned, trained] = cifarx.fineTune(net, net.test.images(:, :, :, 1:4), ...
                                           net.classes(1:4), ...
                                           'MaxEpochs', 2);
        assert(isequal(tuned.layers(1:end - 1), net.layers(1:end - 1)));
        assert(~isequal(tuned.layers(end).Bias, net.layers(end).Bias));
        assert(strcmp(trained.OutputNames, {{net.outputs.Layer}}));
        """
    )
    assert text.startswith("Deep Network Designer: layer graph of ")


@octave_only
def test_an_import_that_computes_something_else_fails(octave: Octave, written: Path) -> None:
    text = octave(
        f"""
        copyfile('{written}/windows.onnx', 'windows.onnx');
        content = load('{written}/windows.mat');
        content.test.reference(1, 1) = content.test.reference(1, 1) + 1;
        save('-v6', 'windows.mat', '-struct', 'content');
        [~, report] = cifarx.importONNX('windows.onnx');
        assert(~report.passed);
        assert(report.notBuiltIn(1, :), {{'image_BatchSizeVerifier', ...
                                          'nnet.onnx.layer.VerifyBatchSizeLayer'}});
        """
    )
    assert text.startswith("FAILED | importNetworkFromONNX | logits 5x4 | RMS ")
    assert "image_BatchSizeVerifier is a nnet.onnx.layer.VerifyBatchSizeLayer" in text


@octave_only
def test_an_import_needs_the_file_and_the_reference_beside_it(octave: Octave) -> None:
    assert octave.failure("cifarx.importONNX('no.onnx')").startswith(
        "cifarx:importONNX:fileNotFound\nThere is no file 'no.onnx'"
    )
    (octave.folder / "a.onnx").write_bytes(b"")
    text = octave.failure("cifarx.importONNX('a.onnx')")
    assert text.startswith("cifarx:importONNX:noReference\nThere is no 'a.mat' beside 'a.onnx'")
