"""Networks of other tasks and inputs in GNU Octave: outputs, activations, verdicts, saved files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import faults
import numpy as np
import pytest
from scipy.io import loadmat
from task_networks import TASK_NETWORKS

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.mat.reader import read_mat
from cifarx.export.model_contract import SourceOptions
from cifarx.export.network import layout
from cifarx.export.sources import open_source

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]
QUICK = ("unet", "autoencoder", "actor_critic", "ecg", "image_and_state")
"""One per layout of inputs and outputs; the others are slow to export."""
FIRST = """
net = cifarx.load('model.mat');
X = net.test.inputs;
if ~iscell(X), X = {X}; end
"""


def export(name: str, folder: Path) -> None:
    network = TASK_NETWORKS[name]
    options = SourceOptions(input_sizes=network.sizes, task=network.asked)
    source = open_source(f"task_networks:{name}", options)
    write_bundle(source.bundle, folder, "model", Formats(mat=True))


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The bytes of a network's model.mat, exported once."""
    known: dict[str, bytes] = {}

    def give(name: str) -> bytes:
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            export(name, folder)
            known[name] = (folder / "model.mat").read_bytes()
        return known[name]

    return give


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in TASK_NETWORKS],
)
def test_octave_computes_what_pytorch_computes(
    name: str, exported: Callable[[str], bytes], octave: Octave, tmp_path: Path
) -> None:
    (tmp_path / "model.mat").write_bytes(exported(name))
    text = octave(
        f"""{FIRST}
        outputs = cell(1, numel(net.outputs));
        [outputs{{:}}] = cifarx.predict(net, X{{:}});
        save('-v6', 'out.mat', 'outputs');
        report = cifarx.verify('model.mat');
        assert(report.verdict, 'EQUIVALENT');
        info = cifarx.summary(net);
        assert(numel(info.layers), numel(net.inputs) + numel(net.layers));
        """
    )
    mat = read_mat(tmp_path / "model.mat")
    assert mat.card.task == TASK_NETWORKS[name].task
    found = loadmat(tmp_path / "out.mat")["outputs"].ravel()
    for values, reference in zip(found, mat.batch.references, strict=True):
        y = layout.from_matlab(values, reference.shape[1:])
        assert y.dtype == np.float32
        largest = np.abs(reference).max()
        np.testing.assert_allclose(y, reference, rtol=0, atol=1e-5 * largest)
    words = {"classification": "predictions ", "segmentation": "pixels ", "regression": "spread"}
    assert words[mat.card.task] in text


def test_a_saved_network_of_several_outputs_is_the_same_in_python(
    exported: Callable[[str], bytes], octave: Octave, tmp_path: Path
) -> None:
    (tmp_path / "model.mat").write_bytes(exported("actor_critic"))
    octave(f"{FIRST} cifarx.save(net, 'tuned.mat');")
    was, saved = read_mat(tmp_path / "model.mat"), read_mat(tmp_path / "tuned.mat")
    assert saved.graph.inputs == was.graph.inputs
    assert saved.graph.outputs == was.graph.outputs
    assert saved.card.task == was.card.task
    assert saved.card.classes == was.card.classes == ()
    assert saved.batch.references == ()
    for found, expected in zip(saved.batch.outputs, was.batch.outputs, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert np.array_equal(saved.batch.inputs[0], was.batch.inputs[0])


@pytest.mark.parametrize(
    ("name", "layer", "verdict"),
    [("unet", "outc", "SAME PREDICTIONS"), ("actor_critic", "features_0", "DIFFERENT")],
)
def test_the_same_shift_of_all_classes_keeps_predictions_but_not_numbers(
    name: str,
    layer: str,
    verdict: str,
    exported: Callable[[str], bytes],
    octave: Octave,
    tmp_path: Path,
) -> None:
    (tmp_path / "model.mat").write_bytes(exported(name))
    faults.edit_layer(tmp_path, layer, "Bias", lambda bias: bias + np.float32(0.01))
    text = octave("report = cifarx.verify('model.mat', 'ResultFile', '');")
    assert text.splitlines()[-1].startswith(f"{verdict} | octave ")


def test_each_output_has_its_line_and_its_array_in_the_result_file(
    exported: Callable[[str], bytes], octave: Octave, tmp_path: Path
) -> None:
    (tmp_path / "model.mat").write_bytes(exported("actor_critic"))
    lines = octave("report = cifarx.verify('model.mat');").splitlines()
    names = [output.name for output in read_mat(tmp_path / "model.mat").graph.outputs]
    judged = [line for line in lines if line.startswith("PASSED | octave ")]
    assert [line.split(" | ")[2].split()[0] for line in judged] == names
    assert ["worst layer" in line for line in judged] == [True, False]
    result = loadmat(tmp_path / "model.matlab-result.mat")
    count = len(read_mat(tmp_path / "model.mat").batch.inputs[0])
    assert result["format"][0, 0]["version"].item() == 2
    assert (result["output1"].shape, result["output2"].shape) == ((4, count), (1, count))
    assert [name.item() for name in result["output_names"].ravel()] == names
    assert "logits" not in result


def test_a_job_of_several_inputs_and_outputs(
    exported: Callable[[str], bytes], octave: Octave, tmp_path: Path
) -> None:
    (tmp_path / "model.mat").write_bytes(exported("image_and_state"))
    octave(
        f"""{FIRST}
        inputs = X; layers = true;
        save('-v6', 'job.mat', 'inputs', 'layers');
        cifarx.internal.runJob('model.mat', 'job.mat', 'result.mat');
        """
    )
    result = loadmat(tmp_path / "result.mat")
    mat = read_mat(tmp_path / "model.mat")
    assert len(result["activations"].ravel()) == len(mat.graph.layers)
    y = layout.from_matlab(result["outputs"], mat.batch.references[0].shape[1:])
    np.testing.assert_allclose(y, mat.batch.references[0], rtol=0, atol=1e-5)
