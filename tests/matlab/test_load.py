"""cifarx.load in GNU Octave: what is not sound is refused, and the error says what was found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import computed_constants
import faults
import harmful_mat
import numpy as np
import pytest
from matlab_layers import layer, row, single
from scipy.io import loadmat, savemat

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.export.mat.reader import read_mat
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models.errors import UserError

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]
Edit = Callable[[Any], Any]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    return tmp_path


def failure(octave: Octave, code: str = "cifarx.load('model.mat')") -> str:
    return octave(
        f"try, {code}, disp('no error'), catch e, disp(e.identifier), disp(e.message), end"
    )


def put(variable: str, field: str, edit: Edit) -> Callable[[Path], None]:
    """Change a field of format, input or test."""

    def change(content: dict[str, Any]) -> None:
        content[variable][field][0, 0] = edit(content[variable][field][0, 0])

    return lambda folder: faults.edit_mat(folder, change)


def of_layer(name: str, field: str, edit: Edit) -> Callable[[Path], None]:
    return lambda folder: faults.edit_layer(folder, name, field, edit)


def variable(name: str, edit: Edit) -> Callable[[Path], None]:
    return lambda folder: faults.edit_mat(folder, lambda c: c.__setitem__(name, edit(c[name])))


def without(variable: str, field: str) -> Callable[[Path], None]:
    """Take a field out of a structure."""

    def change(content: dict[str, Any]) -> None:
        old = content[variable]
        kept = [name for name in old.dtype.names if name != field]
        new = np.empty(old.shape, [(name, object) for name in kept])
        for name in kept:
            new[name] = old[name]
        content[variable] = new

    return lambda folder: faults.edit_mat(folder, change)


def spoilt(value: float) -> Edit:
    def edit(array: np.ndarray) -> np.ndarray:
        array[-1, -1] = value
        return array

    return edit


def cells(*names: str) -> np.ndarray:
    found = np.empty((1, len(names)), object)
    found[0] = [np.array([name]) for name in names]
    return found


FAULTS = [
    # a missing variable or field
    (without("format", "producer"), "missingField", "'format' has no field 'producer', expected"),
    (without("inputs", "Mean"), "missingField", "'inputs' has no field 'Mean', expected the field"),
    (without("layers", "Module"), "missingField", "'layers' has no field 'Module'"),
    (without("layers", "Stride"), "missingField", "layer 'conv1' of kind Convolution2DLayer: it "
     "has no field Stride, expected the fields Stride, Padding, DilationFactor, Weights, Bias"),
    (without("layers", "TrainedMean"), "missingField", "layer 'norm1' of kind BatchNormalization"),
    (without("test", "reference"), "missingField", "'test' has no field 'reference'"),
    (of_layer("conv1", "Source", lambda s: np.empty((0, 0))), "missingField", "Source is []"),
    (without("format", "version"), "missingField", "format.version is [], expected a number"),
    (variable("inputs", lambda v: np.ones((2, 2))), "fieldClass", "'inputs' is a 2-by-2 double"),
    # a field of another size
    (of_layer("conv1", "Weights", lambda w: w[:, :, :2]), "fieldSize", "layer 'conv1' of kind "
     "Convolution2DLayer: Weights is 3-by-3-by-2-by-4, expected 3-by-3-by-3-by-4"),
    (of_layer("conv1", "Weights", lambda w: w[..., :3]), "fieldSize", "layer 'conv1' of kind "
     "Convolution2DLayer: Bias is 1-by-1-by-4, expected 1-by-1-by-3"),
    (of_layer("norm2", "Scale", lambda s: s.reshape(-1, 1)), "fieldSize", "layer 'norm2'"),
    (of_layer("fc1", "Weights", lambda w: w[:, 1:]), "fieldSize", "Weights is "),
    (of_layer("fc2", "Bias", lambda b: b.T), "fieldSize", "Bias is 1-by-10, expected 10-by-1"),
    (of_layer("conv2", "Stride", lambda s: row(1)), "fieldValue", "Stride is 1, expected 1-by-2"),
    (of_layer("conv2", "Padding", lambda s: row(1, 1)), "fieldSize", "Padding is [1 1], expected "
     "1-by-4 double, whole numbers of 0 or more [top bottom left right]"),
    (put("inputs", "Size", lambda s: row(32, 32)), "fieldSize", "inputs(1).Size is [32 32]"),
    (put("inputs", "Size", lambda s: row(32, 32, 1)), "fieldSize", "expected 1-by-1-by-1"),
    (put("inputs", "Mean", lambda m: m[..., :2]), "fieldSize", "inputs(1).Mean is 1-by-1-by-2 sin"),
    (put("test", "labels", lambda v: v[:, :5]), "fieldSize", "test.labels is 1-by-5, expected"),
    (put("test", "images", lambda v: v[:5]), "fieldSize", "test.images is 5-by-32-by-3-by-60"),
    (put("test", "outputs", lambda v: v[:5]), "fieldSize", "test.outputs is 5-by-60, expected 10-"),
    (put("test", "reference", lambda v: v.T), "fieldSize", "test.reference is 60-by-10"),
    (put("test", "inputs", lambda v: v[..., :0]), "fieldSize", "test.inputs is 32-by-32-by-3-by-0"),
    # of another class
    (of_layer("conv1", "Weights", lambda w: w.astype(float)), "fieldClass", "layer 'conv1' of "
     "kind Convolution2DLayer: Weights is double, expected real single; convert it"),
    (of_layer("conv1", "Bias", lambda b: b * 1j), "fieldClass", "Bias is complex "),
    (of_layer("conv1", "Stride", lambda s: s.astype(np.int32)), "fieldClass", "Stride is "),
    (of_layer("norm1", "Epsilon", lambda e: np.array(["x"])), "fieldClass", "Epsilon is 'x'"),
    (of_layer("conv1", "Inputs", lambda i: np.array(["image"])), "fieldClass", "Inputs is 'image'"),
    (of_layer("conv1", "Kind", lambda i: row(3)), "fieldClass", "the Kind of layer 'conv1' is 3"),
    (of_layer("conv1", "Name", lambda i: row(3)), "fieldClass", "the Name of layer 1 is 3"),
    (put("inputs", "Mean", lambda m: m.astype(float)), "fieldClass", "inputs(1).Mean is 1-by-1-by"),
    (put("test", "images", lambda v: v.astype(float)), "fieldClass", "test.images is double, exp"),
    (put("test", "outputs", lambda v: v.astype(float)), "fieldClass", "test.outputs is double, ex"),
    (variable("classes", lambda v: row(3)), "fieldClass", "classes is 3, expected a cell array"),
    # of another value
    (of_layer("conv1", "Weights", spoilt(np.nan)), "notFinite", "layer 'conv1' of kind Convolution"
     "2DLayer: Weights holds NaN at element 9 of 108, expected finite numbers"),
    (of_layer("fc2", "Bias", spoilt(-np.inf)), "notFinite", "Bias holds -Inf at element 10 of 10"),
    (of_layer("norm1", "TrainedVariance", lambda v: -v), "fieldValue", "TrainedVariance holds -"),
    (of_layer("norm1", "Epsilon", lambda v: v * np.nan), "fieldValue", "Epsilon is NaN, expected"),
    (of_layer("conv1", "Stride", lambda s: row(1, 0)), "fieldSize", "Stride is [1 0], expected"),
    (put("inputs", "Normalization", lambda n: np.array(["zerocenter"])), "fieldValue",
     "inputs(1).Normalization is 'zerocenter', expected 'zscore' or 'none'"),
    (put("inputs", "StandardDeviation", lambda s: 0 * s), "fieldValue",
     "inputs(1).StandardDeviation is [0 0 0], expected finite numbers"),
    (put("test", "labels", lambda v: v + 1), "fieldValue", "test.labels holds 11, expected class"),
    (of_layer("relu1", "Kind", lambda k: np.array(["system('date')"])), "unknownKind", "layer "
     "'relu1' is of kind 'system('date')', which this toolbox does not support"),
    (of_layer("norm1", "Epsilon", lambda v: -v), "fieldValue", "Epsilon is -1e-05, expected a dou"),
    (of_layer("drop3", "Probability", lambda v: row(7)), "fieldValue", "Probability is 7, expect"),
    (of_layer("drop3", "Probability", lambda v: -v), "fieldValue", "Probability is -0.2, exp"),
    (put("inputs", "Size", lambda s: s + 1j), "fieldSize", "inputs(1).Size is "),
    (put("inputs", "Normalization", lambda n: cells()), "fieldValue", "inputs(1).Normalization is"),
    (put("test", "inputs", lambda v: v * np.complex64(1j)), "fieldClass",
     "test.inputs is complex single, expected real single"),
    (put("test", "inputs", lambda v: v * np.float32(np.nan)), "notFinite", "test.inputs holds NaN"),
    (put("test", "outputs", lambda v: v * np.complex64(1j)), "fieldClass", "test.outputs is compl"),
    (put("test", "outputs", lambda v: v * np.float32(np.inf)), "notFinite", "test.outputs holds "),
    (put("test", "reference", lambda v: v + 1j), "fieldClass", "test.reference is complex double"),
    (put("test", "reference", spoilt(np.nan)), "notFinite",
     "test.reference holds NaN at element 600 of 600, expected finite numbers"),
    (put("test", "labels", lambda v: v + 1j), "fieldClass", "test.labels is complex double"),
    # text
    (put("format", "model", lambda v: cells("a")), "fieldClass", "format.model is 1-by-1 cell, e"),
    (put("format", "arrays_sha256", lambda v: row(3)), "fieldClass", "format.arrays_sha256 is 3, "),
    (put("format", "producer", lambda v: cells("a")), "fieldClass", "format.producer is 1-by-1 ce"),
    (put("format", "checkpoint_sha256", lambda v: np.array(["ab", "cd"])), "fieldClass",
     "format.checkpoint_sha256 is 2-by-2 char, expected char"),
    (of_layer("conv1", "Module", lambda v: row(3)), "fieldClass", "layers(1).Module is 3, expec"),
    (of_layer("conv1", "Source", lambda v: {"Weights": "a", "Bias": "b", "Name": "c"}),
     "fieldValue",
     "layers(1).Source is 'Name', expected only arrays of its Convolution2DLayer"),
    (of_layer("relu1", "Source", lambda v: {"Weights": "a"}), "fieldValue", "layers(2).Source is"),
    (of_layer("conv1", "Source", lambda v: np.concatenate([v, v], 1)), "fieldClass",
     "layers(1).Source is 1-by-2 struct, expected a 1-by-1 structure"),
    (of_layer("conv1", "Source", lambda v: {"Weights": "a", "Bias": cells("b")}), "fieldClass",
     "layers(1).Source.Bias is 1-by-1 cell, expected char"),
    (variable("classes", lambda c: cells(*"abcdefghia")), "fieldValue",
     "classes{1} and classes{10} are both 'a', expected unique names"),
    (variable("classes", lambda c: cells(*"abcdefghi", "")), "fieldClass", "classes{10} is ''"),
    (variable("classes", lambda c: c.reshape(2, 5)), "fieldSize", "classes is 2-by-5 cell, expec"),
    (variable("classes", lambda c: c.T), "fieldSize", "classes is 10-by-1 cell, expected a 1-by-K"),
    # layers that do not belong together
    (of_layer("conv2", "Inputs", lambda i: cells("nobody")), "unknownInput", "layer 'conv2' of "
     "kind Convolution2DLayer: it reads 'nobody', which is not an earlier layer"),
    (of_layer("conv2", "Inputs", lambda i: cells("fc2")), "unknownInput", "it reads 'fc2'"),
    (of_layer("conv2", "Inputs", lambda i: cells("relu1", "relu1")), "inputCount",
     "it has 2 inputs, expected 1"),
    (of_layer("relu2", "Name", lambda n: np.array(["RELU1"])), "doubledName", "are called 'RELU1'"),
    (of_layer("relu2", "Name", lambda n: np.array(["image"])), "doubledName", "or a layer and an "),
    (of_layer("fc1", "Inputs", lambda i: cells("relu1")), "inputSize", "layer 'fc1' of kind "
     "FullyConnectedLayer: gets maps of "),
    (put("outputs", "Layer", lambda o: np.array(["nobody"])), "unknownOutput", "is 'nobody'"),
    (variable("outputs", lambda o: cells("fc1")), "fieldClass", "'outputs' is a 1-by-1 cell, exp"),
    (put("outputs", "Layer", lambda o: np.array(["relu1"])), "outputSize", "gives 32-by-32-by-4"),
    (put("outputs", "Name", lambda o: np.array(["2nd"])), "fieldValue", "outputs(1).Name is '2nd'"),
    (put("outputs", "Format", lambda o: np.array(["SCB"])), "fieldValue", "expected 'CB', because"),
    (put("outputs", "Size", lambda s: row(5, 2)), "fieldValue", "outputs(1).Format is 'CB', expec"),
    (put("inputs", "Format", lambda o: np.array(["CBT"])), "fieldValue", "inputs(1).Format is 'CB"),
    (put("inputs", "Format", lambda o: np.array(["SCB"])), "fieldSize", "expected 1-by-2 double"),
    (variable("task", lambda t: np.array(["detection"])), "fieldValue", "task is 'detection', exp"),
    (variable("task", lambda t: np.array(["regression"])), "fieldSize", "classes is 1-by-10 cell,"),
    (variable("task", lambda t: np.array(["segmentation"])), "task", "needs one output of maps"),
    (put("test", "inputs", lambda v: cells("a", "b")), "fieldClass", "test.inputs is cell"),
    (variable("classes", lambda c: c[:, :7]), "classCount", "there are 7 classes, but the output"),
]  # fmt: skip


@pytest.mark.parametrize("first", range(0, len(FAULTS), 9))
def test_what_is_not_sound_is_refused_with_what_was_found_and_expected(
    octave: Octave, folder: Path, first: int
) -> None:
    whole = (folder / "model.mat").read_bytes()
    chosen = FAULTS[first : first + 9]
    for i, (spoil, _, _) in enumerate(chosen):
        (folder / "model.mat").write_bytes(whole)
        spoil(folder)
        (folder / "model.mat").rename(folder / f"spoilt{i}.mat")
    text = octave(
        f"""
        for i = 0:{len(chosen) - 1}
            try, cifarx.load(sprintf('spoilt%d.mat', i)); disp('no error'); disp('');
            catch e, disp(e.identifier); disp(e.message); end
        end
        """
    )
    lines = text.splitlines()
    assert len(lines) == 2 * len(chosen), text
    for i, (_, reason, said) in enumerate(chosen):
        assert lines[2 * i] == f"cifarx:load:{reason}", lines[2 * i : 2 * i + 2]
        assert lines[2 * i + 1].startswith(f"'spoilt{i}.mat': ")
        assert said in lines[2 * i + 1]


def test_octave_would_run_the_command_in_a_harmful_file(octave: Octave, folder: Path) -> None:
    command = harmful_mat.command(folder / "marker")
    file = folder / "model.mat"
    file.write_bytes(harmful_mat.harmful(file.read_bytes(), command))
    failure(octave, "builtin('load', 'model.mat', '-mat')")
    assert (folder / "marker").exists()


@pytest.mark.parametrize(
    "code",
    [
        "cifarx.load('model.mat')",
        "cifarx.verify('model.mat')",
        "cifarx.internal.networkOf('model.mat', 'save')",  # the template of a dlnetwork
    ],
)
def test_no_command_in_a_file_is_run(octave: Octave, folder: Path, code: str) -> None:
    command = harmful_mat.command(folder / "marker")
    file = folder / "model.mat"
    file.write_bytes(harmful_mat.harmful(file.read_bytes(), command))
    text = failure(octave, code)
    assert text.startswith("cifarx:load:notPlain\n'model.mat': it holds a subsystem, which")
    assert not (folder / "marker").exists()


@pytest.mark.parametrize(
    ("spoil", "identifier", "said"),
    [
        (harmful_mat.with_handle, "notPlain", "it holds a function handle, expected only numbers"),
        (harmful_mat.with_object, "notPlain", "it holds an object, expected"),
        (lambda m: b"\x1f\x8b" + m[2:], "notAMatFile", "it is not a readable MAT-file of level 5"),
        (
            lambda m: m[:124] + b"\1\0MI" + m[128:],
            "notAMatFile",
            "it is not a readable MAT-file of level",
        ),
        (lambda m: m[:-8], "notAMatFile", "it is not a readable MAT-file"),
        (lambda m: m + bytes(1), "notAMatFile", "it is not a readable MAT-file"),
    ],
)
def test_what_is_not_plain_is_not_loaded(
    octave: Octave, folder: Path, spoil: Callable[[bytes], bytes], identifier: str, said: str
) -> None:
    file = folder / "model.mat"
    file.write_bytes(spoil(file.read_bytes()))
    text = failure(octave)
    assert text.startswith(f"cifarx:load:{identifier}\n'model.mat': {said}")


def test_what_cannot_be_looked_into_is_not_loaded(octave: Octave, folder: Path) -> None:
    content = loadmat(folder / "model.mat")
    plain = {key: value for key, value in content.items() if key[0] != "_"}
    savemat(folder / "model.mat", plain, do_compression=True, long_field_names=True)
    text = failure(octave)
    assert text.startswith(
        "cifarx:load:compressed\n'model.mat': it is compressed, but cifarx inspect"
    )
    assert "save('-v6', ...)" in text


def test_save_refuses_what_load_would(octave: Octave, folder: Path) -> None:
    code = """
        net = cifarx.load('model.mat');
        net.layers(end).Bias = double(net.layers(end).Bias);
        cifarx.save(net, 'tuned.mat')
        """
    text = failure(octave, code)
    assert text.startswith("cifarx:save:fieldClass\nNET cannot be saved: layer 'fc2' of kind Fully")
    assert "Bias is double, expected real single; convert it with single()" in text
    text = failure(octave, "cifarx.save(struct('format', 1), 'tuned.mat')")
    assert text.startswith(
        "cifarx:save:missingField\nNET must be a network returned by cifarx.load"
    )
    assert "but has no field 'inputs', expected format, inputs" in text
    assert not (folder / "tuned.mat").exists()


def test_python_refuses_a_weight_that_is_no_number_too(folder: Path) -> None:
    faults.edit_layer(folder, "fc2", "Bias", spoilt(np.nan))
    with pytest.raises(UserError, match="layer 'fc2': Bias holds NaN or infinite numbers"):
        read_mat(folder / "model.mat")


def test_save_refuses_sparse_options(octave: Octave, folder: Path) -> None:
    for field in ("Stride", "Padding", "Epsilon", "PoolSize"):
        name = {"Epsilon": "norm1", "PoolSize": "pool"}.get(field, "conv1")
        text = failure(
            octave,
            "net = cifarx.load('model.mat');"
            f"k = find(strcmp({{net.layers.Name}}, '{name}'));"
            f"net.layers(k).{field} = sparse(net.layers(k).{field}); cifarx.save(net, 'a.mat')",
        )
        assert text.startswith("cifarx:save:"), text
        assert f"{field} is " in text
        assert " sparse double, expected " in text
    for field in ("labels", "reference"):
        text = failure(
            octave,
            "net = cifarx.load('model.mat');"
            f"net.test.{field} = sparse(net.test.{field}); cifarx.save(net, 'a.mat')",
        )
        assert f"cifarx:save:fieldClass\nNET cannot be saved: test.{field} is sparse double" in text


def test_kinds_have_the_properties_of_the_vocabulary(octave: Octave) -> None:
    text = octave(
        f"""
        kinds = {{{", ".join(f"'{kind}'" for kind in VOCABULARY)}}};
        for i = 1:numel(kinds)
            [options, arrays] = cifarx.internal.vocabulary(kinds{{i}});
            disp(strjoin([options, {{'|'}}, arrays], ' '));
        end
        assert(cifarx.internal.vocabulary('Nobody'), -1);
        """
    )
    expected = [" ".join([*kind.hyper, "|", *kind.arrays]) for kind in VOCABULARY.values()]
    assert text.splitlines() == expected


def weights(*shape: int) -> np.ndarray:
    return single(*shape)


WINDOW = {"Stride": row(2, 1), "Padding": row(1, 0, 2, 1), "DilationFactor": row(1, 2)}
POOL = {"PoolSize": row(3, 2), "Stride": row(2, 1), "Padding": row(1, 0, 1, 1)}
MISFITS: list[tuple[dict[str, Any], list[tuple[int, ...]], str, str]] = [
    (layer("GroupedConvolution2DLayer", NumGroups=row(4), Weights=weights(3, 3, 1, 2, 4),
           Bias=weights(1, 1, 2, 4), **WINDOW), [(9, 8, 6)], "fieldValue", "NumGroups is 4"),
    (layer("GroupedConvolution2DLayer", NumGroups=row(3), Weights=weights(3, 3, 1, 2, 3),
           Bias=weights(1, 1, 2, 3), **WINDOW), [(9, 8, 6)], "fieldSize",
     "Weights is 3-by-3-by-1-by-2-by-3, expected 3-by-3-by-2-by-2-by-3"),
    (layer("Convolution2DLayer", Weights=weights(3, 9, 6, 2), Bias=weights(1, 1, 2), **WINDOW),
     [(9, 8, 6)], "inputSize", "its window of 3-by-17 does not fit maps of 10-by-11"),
    (layer("TransposedConvolution2DLayer", Stride=row(2, 2), Cropping=row(0, 0, 9, 9),
           Weights=weights(3, 3, 4, 6), Bias=weights(1, 1, 4)), [(9, 8, 6)], "inputSize",
     "its Cropping [0 0 9 9] leaves nothing of 19-by-17"),
    (layer("TransposedConvolution2DLayer", Stride=row(2, 2), Cropping=row(0, 0, 0, 0),
           Weights=weights(3, 3, 6, 4), Bias=weights(1, 1, 6)), [(9, 8, 6)], "fieldSize",
     "expected 3-by-3-by-6-by-6"),
    (layer("MaxPooling2DLayer", **{**POOL, "Padding": row(3, 0, 0, 0)}), [(9, 8, 6)], "fieldValue",
     "Padding is [3 0 0 0], expected less than PoolSize, [3 2]"),
    (layer("AveragePooling2DLayer", PaddingValue=row(2), **POOL), [(9, 8, 6)], "fieldValue",
     "PaddingValue is 2, expected 0 or 'mean'"),
    (layer("GlobalMaxPooling2DLayer"), [(5,)], "inputSize", "gets 5 features, expected maps"),
    (layer("GroupNormalizationLayer", NumGroups=row(4), Epsilon=row(1), Scale=weights(1, 1, 6),
           Offset=weights(1, 1, 6)), [(9, 8, 6)], "fieldValue", "NumGroups is 4, expected a divi"),
    (layer("CrossChannelNormalizationLayer", WindowChannelSize=row(4), Alpha=row(1), Beta=row(1),
           K=row(1)), [(9, 8, 6)], "fieldValue", "WindowChannelSize is 4, expected a double, an o"),
    (layer("ScalingLayer", Scale=weights(9, 8), Offset=weights(1, 1)), [(9, 8, 6)], "fieldSize",
     "Scale is 9-by-8, expected 1-by-1 or 1-by-1-by-6 or 9-by-8-by-6"),
    (layer("PReLULayer", Alpha=weights(1, 5)), [(5,)], "fieldSize", "expected 5-by-1"),
    (layer("GELULayer", Approximation="exact"), [(5,)], "fieldValue", "is 'exact', expected"),
    (layer("AdditionLayer"), [(9, 8, 6), (9, 8, 1)], "inputSize",
     "its inputs are of 9-by-8-by-6 and 9-by-8-by-1, expected equal sizes"),
    (layer("AdditionLayer"), [(9, 8, 6), (6,)], "inputSize", "9-by-8-by-6 and 6, expected equal"),
    (layer("MultiplicationLayer"), [(9, 8, 6), (9, 2, 6)], "inputSize", "sizes that are equal, or"),
    (layer("DepthConcatenationLayer"), [(9, 8, 6), (9, 7, 6)], "inputSize", "except in dim"),
    (layer("DepthConcatenationLayer"), [(6,), (6,)], "fieldValue", "dimension 3, but its in"),
    (layer("ConcatenationLayer", Dim=row(1)), [(9, 8, 6), (9, 7, 6)], "inputSize", "dimension 1"),
    (layer("ConcatenationLayer", Dim=row(2)), [(6,), (6,)], "fieldValue", "inputs have only 1"),
]  # fmt: skip


def test_layers_that_do_not_fit_what_they_are_given(octave: Octave, tmp_path: Path) -> None:
    count = len(MISFITS)
    layers, given = np.empty((1, count), object), np.empty((1, count), object)
    for i, (fields, shapes, _, _) in enumerate(MISFITS):
        layers[0, i] = fields
        given[0, i] = np.empty((1, len(shapes)), object)
        for k, shape in enumerate(shapes):
            given[0, i][0, k] = row(*shape)
    savemat(tmp_path / "in.mat", {"layers": layers, "given": given}, long_field_names=True)
    text = octave(
        """
        load('in.mat');
        for i = 1:numel(layers)
            try
                options = cifarx.internal.vocabulary(layers{i}.Kind);
                for k = 1:numel(options)
                    cifarx.internal.check.requireOption(layers{i}, options{k});
                end
                cifarx.internal.shape.ofLayer(layers{i}, given{i});
                disp('no error'); disp('');
            catch e
                disp(e.identifier); disp(e.message);
            end
        end
        """
    )
    lines = text.splitlines()
    for i, (fields, _, reason, said) in enumerate(MISFITS):
        assert lines[2 * i] == f"cifarx:check:{reason}", (fields["Kind"], lines[2 * i : 2 * i + 2])
        assert lines[2 * i + 1].startswith(f"layer 'a' of kind {fields['Kind']}: ")
        assert said in lines[2 * i + 1]


def test_files_of_other_formats_and_folders_are_called_what_they_are(
    octave: Octave, folder: Path
) -> None:
    (folder / "folder.mat").mkdir()
    (folder / "new.mat").write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    (folder / "cut.mat").write_bytes((folder / "model.mat").read_bytes()[:128])
    octave("x = 1; save('-text', 'text.mat', 'x'); save('-hdf5', 'hdf.mat', 'x')")
    for name, said in {
        "folder": "cifarx:load:fileNotFound\n'folder.mat' is a folder, not a file",
        "new": "cifarx:load:notAMatFile\n'new.mat': it is a MAT-file of version 7.3, expected",
        "text": "cifarx:load:notAMatFile\n'text.mat': it is a text file of Octave, expected",
        "hdf": "cifarx:load:notAMatFile\n'hdf.mat': it is an HDF5 file, expected",
        "cut": "cifarx:load:notAMatFile\n'cut.mat': it is not a readable MAT-file, or it was cut",
    }.items():
        assert failure(octave, f"cifarx.load('{name}.mat')").startswith(said)


def test_a_name_without_extension_is_completed_and_not_looked_for_on_the_path(
    octave: Octave, folder: Path
) -> None:
    octave(
        "net = cifarx.load('model'); r = cifarx.verify('model'); assert(r.verdict, 'EQUIVALENT')"
    )
    assert (folder / "model.matlab-result.mat").exists()
    text = failure(octave, "addpath(pwd()); mkdir('other'); cd('other'); cifarx.load('model.mat')")
    assert text.startswith("cifarx:load:fileNotFound\n")


@pytest.mark.parametrize("name", list(computed_constants.CONSTANTS))
def test_a_file_with_computed_constants_loads_and_computes(
    octave: Octave, tmp_path: Path, name: str
) -> None:
    """`Exact` is for cifarx verify: the toolbox computes with the singles beside it."""
    computed_constants.write(name, tmp_path)
    octave(
        """
        net = cifarx.load('model.mat');
        logits = cifarx.predict(net, net.test.inputs);
        error = max(abs(double(logits(:)) - net.test.reference(:)));
        assert(error <= 1e-5 * max(abs(net.test.reference(:))));
        report = cifarx.verify('model.mat', 'ResultFile', '');
        assert(report.verdict, 'EQUIVALENT');
        """
    )
