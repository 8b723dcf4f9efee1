"""cifarx.load, cifarx.predict and cifarx.verify in GNU Octave, over a model.mat of the exporter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faults
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from cifarx.export.bundle import Bundle, Formats, write_bundle

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    return tmp_path


def failure(octave: Octave, code: str) -> str:
    """Identifier and message of the error that the code must raise."""
    return octave(
        f"try, {code}, disp('no error'), catch e, disp(e.identifier), disp(e.message), end"
    )


def test_predict_gives_pytorchs_logits_from_pixels_and_from_inputs(
    octave: Octave, folder: Path, bundle: Bundle
) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        A = cifarx.predict(net, net.test.inputs);
        B = cifarx.predict(net, net.test.images);
        C = cifarx.predict(net, net.test.images, 'MiniBatchSize', 7);
        D = cifarx.predict(net, net.test.images(:, :, :, 3));
        assert(isa(A, 'single'));
        save('-v6', 'out.mat', 'A', 'B', 'C', 'D');
        """
    )
    out = loadmat(folder / "out.mat")
    reference = bundle.batch.reference.T
    for logits in (out["A"], out["B"], out["C"]):
        np.testing.assert_allclose(logits, reference, rtol=0, atol=1e-5)
    np.testing.assert_allclose(out["D"], reference[:, 2:3], rtol=0, atol=1e-5)
    assert out["A"].tobytes() == out["B"].tobytes()


def test_load_gives_what_the_exporter_wrote(octave: Octave, folder: Path) -> None:
    text = octave(
        """
        net = cifarx.load('model.mat');
        disp(strjoin(net.classes, ' '));
        disp(strjoin({net.layers.Name}, ' '));
        assert(net.inputs.Size, [32 32 3]);
        assert(size(net.layers(1).Weights), [3 3 3 4]);
        assert(net.layers(4).Padding, [1 1 1 1]);
        """
    )
    classes, layers = text.splitlines()
    assert classes.startswith("disc ring square triangle cross horizontal")
    assert layers.startswith("conv1 relu1 norm1 conv2 relu2 norm2 conv3 relu3 norm3 drop3 pool")


def test_verify_says_equivalent_and_returns_a_report(octave: Octave, folder: Path) -> None:
    text = octave(
        """
        report = cifarx.verify('model.mat');
        assert(report.verdict, 'EQUIVALENT');
        assert(all([report.checks.passed]));
        assert(size(report.outputs), [10 60]);
        assert(isempty(report.changed));
        assert(report.ratio < 3);
        """
    )
    lines = text.splitlines()
    assert [line.split(" | ")[:2] for line in lines[:2]] == [
        ["PASSED", "weights"],
        ["PASSED", "input"],
    ]
    assert lines[2].startswith("PASSED | reference | PyTorch's float32 is ")
    assert lines[3].startswith("PASSED | octave ")
    assert lines[3].endswith("predictions 60/60")
    assert lines[-1].startswith("EQUIVALENT | octave ")


@pytest.mark.parametrize(
    ("spoil", "failed", "verdict"),
    [
        (lambda f: faults.edit_layer(f, "conv3", "Weights", faults.flip_bit), "weights", "SAME"),
        (lambda f: faults.edit_layer(f, "norm2", "Epsilon", lambda e: e * 1e4), "octave", ""),
        (lambda f: faults.edit_layer(f, "fc2", "Weights", faults.swap_rows), "octave", ""),
        (
            lambda f: faults.edit_mat(f, lambda c: c["inputs"]["Mean"][0, 0].__iadd__(1)),
            "input",
            "DIFFERENT",
        ),
        (
            lambda f: (
                faults.edit_mat(f, lambda c: c["test"]["outputs"][0, 0].fill(1e9)),
                faults.edit_layer(f, "norm2", "Epsilon", lambda e: e * 1e4),
            )[0],
            "reference",
            "",
        ),
    ],
)
def test_verify_catches_a_spoilt_file(
    octave: Octave,
    folder: Path,
    spoil: Callable[[Path], None],
    failed: str,
    verdict: str,
) -> None:
    spoil(folder)
    lines = octave("cifarx.verify('model.mat');").splitlines()
    assert any(line.startswith(f"FAILED | {failed}") for line in lines), lines
    assert lines[-1].startswith(verdict)
    assert not lines[-1].startswith("EQUIVALENT")


def test_a_missing_file(octave: Octave) -> None:
    text = failure(octave, "cifarx.load('nothing.mat')")
    assert text.startswith("cifarx:load:fileNotFound\nThere is no file 'nothing.mat'")


def test_a_name_that_is_no_text(octave: Octave) -> None:
    assert failure(octave, "cifarx.load(3)").startswith("cifarx:load:fileName\n")


@pytest.mark.parametrize("length", [100, 1000, 20000])
def test_a_truncated_file(octave: Octave, folder: Path, length: int) -> None:
    path = folder / "model.mat"
    path.write_bytes(path.read_bytes()[:length])
    text = failure(octave, "cifarx.load('model.mat')")
    assert text.startswith(("cifarx:load:notAMatFile\n", "cifarx:load:notCifarx\n",
                            "cifarx:load:missingField\n"))  # fmt: skip


def test_somebody_elses_file(octave: Octave, tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", {"a": 1.0})
    assert failure(octave, "cifarx.load('x.mat')").startswith("cifarx:load:notCifarx\n")


def test_a_newer_format(octave: Octave, folder: Path) -> None:
    faults.edit_mat(folder, lambda c: c["format"]["version"].__setitem__((0, 0), np.array([[3.0]])))
    text = failure(octave, "cifarx.load('model.mat')")
    assert text.startswith("cifarx:load:newerFormat\n")
    assert "version 3 of the format; this toolbox reads up to version 2" in text


def test_a_missing_variable(octave: Octave, folder: Path) -> None:
    faults.edit_mat(folder, lambda c: c.pop("classes"))
    text = failure(octave, "cifarx.load('model.mat')")
    assert text.startswith("cifarx:load:missingField\n'model.mat' has no variable 'classes'")


@pytest.mark.parametrize("field", ["reference", "inputs", "labels"])
def test_a_test_batch_whose_sizes_disagree(octave: Octave, folder: Path, field: str) -> None:
    faults.edit_mat(
        folder,
        lambda c: c["test"][field].__setitem__((0, 0), c["test"][field][0, 0][..., :1]),
    )
    text = failure(octave, "cifarx.verify('model.mat')")
    assert text.startswith("cifarx:load:fieldSize\n'model.mat': test.")


def test_an_unknown_kind_is_not_run(octave: Octave, folder: Path) -> None:
    faults.edit_layer(folder, "relu1", "Kind", lambda k: np.array(["system('date')"]))
    text = failure(octave, "cifarx.verify('model.mat')")
    assert "cifarx:load:unknownKind\n'model.mat': layer 'relu1' is of kind 'system('date')'" in text


@pytest.mark.parametrize(
    ("images", "identifier", "said"),
    [
        ("zeros(28, 28, 1, 2, 'uint8')", "cifarx:predict:imageSize", "X is 28-by-28-by-1-by-2"),
        (
            "zeros(32, 32, 3)",
            "cifarx:predict:imageClass",
            "but is double. Convert pixels 0..255 with uint8(X)",
        ),
    ],
)
def test_images_of_the_wrong_size_or_class(
    octave: Octave, folder: Path, images: str, identifier: str, said: str
) -> None:
    text = failure(octave, f"cifarx.predict(cifarx.load('model.mat'), {images})")
    assert text.startswith(identifier)
    assert said in text


def test_a_layer_that_reads_what_is_not_there(octave: Octave, folder: Path) -> None:
    faults.edit_layer(folder, "conv2", "Inputs", lambda c: np.array([["nobody"]], object))
    text = failure(octave, "cifarx.verify('model.mat')")
    assert text.startswith(
        "cifarx:load:unknownInput\n'model.mat': layer 'conv2' of kind Convolution"
    )
    assert "it reads 'nobody'" in text
