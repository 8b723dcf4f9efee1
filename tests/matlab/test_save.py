"""cifarx.save in GNU Octave: files that Python and the toolbox read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import faults
import numpy as np
import pytest

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.export.mat.reader import MatFile, read_mat

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    return tmp_path


def both(folder: Path, name: str = "tuned.mat") -> tuple[MatFile, MatFile]:
    """What was exported, and what cifarx.save wrote."""
    return read_mat(folder / "model.mat"), read_mat(folder / name)


def failure(octave: Octave, code: str) -> str:
    return octave(
        f"try, {code}, disp('no error'), catch e, disp(e.identifier), disp(e.message), end"
    )


def test_what_was_only_loaded_is_the_same_network_in_python(octave: Octave, folder: Path) -> None:
    octave("cifarx.save(cifarx.load('model.mat'), 'tuned.mat');")
    exported, saved = both(folder)
    assert saved.graph.inputs == exported.graph.inputs
    for layer, was in zip(saved.graph.layers, exported.graph.layers, strict=True):
        assert (layer.name, layer.kind, layer.inputs) == (was.name, was.kind, was.inputs)
        assert (layer.module, layer.hyper) == (was.module, was.hyper)
        for key, array in layer.arrays.items():
            assert array.source == was.arrays[key].source
            assert array.value.tobytes() == was.arrays[key].value.tobytes()
    assert saved.unaccounted == ()
    assert saved.arrays_sha256 == exported.arrays_sha256
    assert replace(saved.card, checkpoint_sha256=saved.base_sha256) == exported.card
    assert np.array_equal(saved.batch.images, exported.batch.images)
    assert np.array_equal(saved.batch.labels, exported.batch.labels)


def test_changed_weights_are_in_the_file_with_their_digest(octave: Octave, folder: Path) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        net.layers(end).Bias(2) = 7;
        net.layers(1).Weights = 2 * net.layers(1).Weights;
        cifarx.save(net, 'tuned.mat');
        again = cifarx.load('tuned.mat');
        assert(isequal(again.layers, net.layers));
        assert(strcmp(again.format.arrays_sha256, cifarx.internal.file.arraysDigest(net.layers)));
        """
    )
    exported, saved = both(folder)
    first, last = exported.graph.layers[0], exported.graph.layers[-1]
    arrays = saved.graph.arrays()
    assert np.array_equal(arrays[first.name, "Weights"].value, 2 * first.arrays["Weights"].value)
    expected = last.arrays["Bias"].value.copy()
    expected[1] = 7
    assert np.array_equal(arrays[last.name, "Bias"].value, expected)
    assert saved.arrays_sha256 != exported.arrays_sha256


def test_python_takes_the_digest_of_the_arrays_to_be_the_same(octave: Octave, folder: Path) -> None:
    from cifarx.export.mat.writer import matlab_layers

    octave(
        "net = cifarx.load('model.mat'); net.layers(1).Bias(1) = -1; cifarx.save(net, 'tuned.mat');"
    )
    _, saved = both(folder)
    assert matlab_layers(saved.graph)[1] == saved.arrays_sha256


def test_the_file_names_its_writer_and_its_origin_and_no_file_that_holds_its_weights(
    octave: Octave, folder: Path
) -> None:
    text = octave(
        """
        cifarx.save(cifarx.load('model.mat'), 'tuned.mat');
        cifarx.save(cifarx.load('tuned.mat'), 'tuned.mat');
        net = cifarx.load('tuned.mat');
        disp(net.format.producer);
        assert(net.format.version, 2);
        """
    )
    assert text.startswith("cifarx.save in octave ")
    exported, saved = both(folder)
    assert (saved.card.checkpoint_sha256, saved.onnx_sha256) == ("", "")
    assert saved.base_sha256 == exported.card.checkpoint_sha256


def test_pytorchs_answers_are_no_answers_of_the_changed_network(
    octave: Octave, folder: Path
) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        net.layers(end).Bias = net.layers(end).Bias + 1;
        cifarx.save(net, 'tuned.mat');
        """
    )
    exported, saved = both(folder)
    assert saved.batch.reference.shape == (0, 10)
    np.testing.assert_allclose(saved.batch.logits, exported.batch.reference + 1, atol=1e-5)


def test_verify_has_nothing_to_compare_a_saved_file_with(
    octave: Octave, folder: Path, cifarx: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    octave("cifarx.save(cifarx.load('model.mat'), 'model.mat');")
    text = failure(octave, "cifarx.verify('model.mat')")
    assert text.startswith("cifarx:verify:noReference\n")
    assert "EQUIVALENT" not in text
    monkeypatch.chdir(folder)
    finished = cifarx("verify", "model.onnx")
    assert finished.code == 2  # type: ignore[attr-defined]
    said = " ".join(finished.err.split())  # type: ignore[attr-defined]
    assert "There is nothing to compare model.onnx with" in said
    assert "'cifarx import'" in said


def test_text_outside_ascii_survives(octave: Octave, bundle: Bundle, tmp_path: Path) -> None:
    names = ("Zürich", "犬", *bundle.card.classes[2:])
    card = replace(bundle.card, classes=names, model="größer")
    graph = replace(
        bundle.graph,
        layers=(replace(bundle.graph.layers[0], module="été.0"), *bundle.graph.layers[1:]),
    )
    write_bundle(replace(bundle, card=card, graph=graph), tmp_path, "model", Formats(mat=True))
    octave(
        """
        net = cifarx.load('model.mat');
        assert(ischar(net.classes{2}) && ischar(net.format.model));
        cifarx.save(net, 'tuned.mat');
        """
    )
    _, saved = both(tmp_path)
    assert saved.card.classes == names
    assert saved.card.model == "größer"
    assert saved.graph.layers[0].module == "été.0"


def test_a_name_without_an_extension_gets_mat(octave: Octave, folder: Path) -> None:
    octave("cifarx.save(cifarx.load('model.mat'), 'tuned');")
    assert [p.name for p in folder.glob("tuned*")] == ["tuned.mat"]


def test_a_name_goes_through_no_shell(octave: Octave, folder: Path) -> None:
    name = "a $(touch oops) 'b'.mat"
    octave("cifarx.save(cifarx.load('model.mat'), 'a $(touch oops) ''b''.mat');")
    both(folder, name)
    assert not (folder / "oops").exists()


def test_an_old_file_stays_whole_when_the_new_one_cannot_be_written(
    octave: Octave, folder: Path
) -> None:
    (folder / "tuned.mat").mkdir()  # nothing can be moved here
    before = sorted(p.name for p in folder.iterdir())
    text = failure(octave, "cifarx.save(cifarx.load('model.mat'), 'tuned.mat')")
    assert text.startswith("cifarx:save:cannotWrite\nThe file 'tuned.mat' cannot be written")
    assert sorted(p.name for p in folder.iterdir()) == before


def test_a_folder_that_is_not_there(octave: Octave, folder: Path) -> None:
    text = failure(octave, "cifarx.save(cifarx.load('model.mat'), 'nowhere/tuned.mat')")
    assert text.startswith("cifarx:save:folderNotFound\n")
    assert "there is no folder 'nowhere'" in text


def test_what_is_no_network(octave: Octave, folder: Path) -> None:
    text = failure(octave, "cifarx.save({1, 2}, 'tuned.mat')")
    assert text.startswith("cifarx:save:network\nNET must be a network returned by cifarx.load")
    assert "but is a 1-by-2 cell" in text
    text = failure(octave, "cifarx.save(cifarx.load('model.mat'), 3)")
    assert text.startswith("cifarx:save:fileName\nThe file name must be a character row vector")


def test_a_file_of_which_nobody_knows_how_pixels_are_normalised(
    octave: Octave, folder: Path
) -> None:
    def forget(content: dict[str, object]) -> None:
        content["inputs"]["Normalization"][0, 0] = np.array(["none"])  # type: ignore[index]
        for field in ("Mean", "StandardDeviation"):
            content["inputs"][field][0, 0] = np.empty((0, 0))  # type: ignore[index]
        content["test"]["images"][0, 0] = np.empty((0, 0))  # type: ignore[index]

    faults.edit_mat(folder, forget)
    octave("cifarx.save(cifarx.load('model.mat'), 'tuned.mat');")
    exported, saved = both(folder)
    assert saved.card.mean == ()
    assert np.array_equal(saved.batch.inputs[0], exported.batch.inputs[0])
