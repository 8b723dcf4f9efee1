"""The toolbox's scripts and the files about it: they run, and say what the functions are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import every_kind
import numpy as np
import pytest
import signatures
from scipy.special import softmax

from cifarx.export.bundle import Bundle, Formats, write_bundle

ROOT = Path(__file__).resolve().parents[2]
TOOLBOX = ROOT / "matlab" / "toolbox"
EXAMPLES = (
    "loadAndClassify",
    "segmentImages",
    "applyToVectors",
    "verifyNetwork",
    "editInDesigner",
    "fineTuneAndReturn",
)
OF_OTHER_TASKS = ("segmentImages", "applyToVectors")
"""Examples that need a network of another task than classification."""
WITHOUT_TOOLBOX = ("GettingStarted", "loadAndClassify", "verifyNetwork")
SCRIPTS = [TOOLBOX / "doc" / "GettingStarted.m", *(TOOLBOX / "examples").glob("*.m")]
PUBLIC = {path.stem for path in (TOOLBOX / "+cifarx").glob("*.m")}


def called(path: Path) -> set[str]:
    """The public functions that a script calls."""
    code = re.sub(r"^%.*$", "", path.read_text("ascii"), flags=re.MULTILINE)
    return set(re.findall(r"\bcifarx\.(\w+)\(", code))


def run(program: str, script: Path, folder: Path, *, standin: bool) -> str:
    code = f"addpath('{TOOLBOX}');"
    if standin:
        code += f"addpath('{ROOT / 'matlab' / 'tests'}'); standIn('R2026b');"
    done = subprocess.run(
        [program, "--no-gui", "--norc", "--quiet", "--eval", f"{code} source('{script}');"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_are_there() -> None:
    assert {path.stem for path in SCRIPTS} == {"GettingStarted", *EXAMPLES}


def test_getting_started_names_every_example() -> None:
    text = SCRIPTS[0].read_text("ascii")
    assert re.findall(r"(\w+)\.m:", text) == list(EXAMPLES)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_begin_with_a_title_and_have_sections(path: Path) -> None:
    lines = path.read_text("ascii").splitlines()
    assert lines[0].startswith("%% ")
    assert sum(line.startswith("%% ") for line in lines) >= 4


@pytest.mark.octave
@pytest.mark.parametrize(
    ("name", "network", "said"),
    [
        ("segmentImages", "segments", r"class_\d: \d+\.\d% of the pixels"),
        (
            "applyToVectors",
            "vectors",
            r"output: 4 observations, largest difference from",
        ),
        ("GettingStarted", "several", r"output_2: \[1 4\]"),
    ],
)
def test_scripts_for_other_tasks_run_in_octave(
    name: str, network: str, said: str, octave_program: str, tmp_path: Path
) -> None:
    shutil.copy(every_kind.DATA / f"{network}.mat", tmp_path / "model.mat")
    (script,) = (path for path in SCRIPTS if path.stem == name)
    assert re.search(said, run(octave_program, script, tmp_path, standin=False))


@pytest.mark.octave
@pytest.mark.parametrize("name", OF_OTHER_TASKS)
def test_an_example_names_the_task_that_it_cannot_use(
    name: str, octave_program: str, bundle: Bundle, tmp_path: Path
) -> None:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    (script,) = (path for path in SCRIPTS if path.stem == name)
    with pytest.raises(AssertionError, match=r"of this network (is classification|are not)"):
        run(octave_program, script, tmp_path, standin=False)


@pytest.mark.octave
@pytest.mark.parametrize(
    "path", [p for p in SCRIPTS if p.stem not in OF_OTHER_TASKS], ids=lambda path: path.stem
)
def test_scripts_run_in_octave(
    path: Path, octave_program: str, bundle: Bundle, tmp_path: Path
) -> None:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    without = path.stem in WITHOUT_TOOLBOX
    text = run(octave_program, path, tmp_path, standin=not without)
    if path.stem in ("GettingStarted", "verifyNetwork"):
        assert "EQUIVALENT" in text
    if path.stem == "GettingStarted":
        assert "Deep Learning Toolbox is not installed." in text
        run(octave_program, path, tmp_path, standin=True)
    if path.stem == "loadAndClassify":
        scores = softmax(bundle.batch.reference, axis=1)
        said = re.findall(r"image \d is a (.+) \((\d+)%\)", text)
        assert [name for name, _ in said] == [bundle.card.classes[k] for k in scores[:5].argmax(1)]
        percents = np.array([int(percent) for _, percent in said])
        np.testing.assert_allclose(percents, 100 * scores[:5].max(1), rtol=0, atol=0.51)
    if path.stem == "editInDesigner":
        assert re.search(r"^conv1 +nnet\.cnn\.layer\.Convolution2DLayer$", text, re.MULTILINE)
        assert "Deep Network Designer: initialized dlnetwork of " in text
    if path.stem == "fineTuneAndReturn":
        assert re.search(r"correct: \d+ of 60 before, \d+ after", text)
        assert (tmp_path / "tuned.mat").exists()


@pytest.mark.parametrize("path", signatures.FILES, ids=lambda path: path.parent.name)
def test_tab_completion_knows_every_function_and_parameter(path: Path) -> None:
    assert path.read_text("ascii") == signatures.signatures(), (
        "run python tests/support/signatures.py"
    )


def test_tab_completion_is_of_documented_kinds() -> None:
    content = json.loads(signatures.FILES[0].read_text("ascii"))
    assert content.pop("_schemaVersion") == "1.0.0"
    assert set(content) == {f"cifarx.{name}" for name in PUBLIC}
    arguments = [argument for entry in content.values() for argument in entry["inputs"]]
    assert {argument["kind"] for argument in arguments} <= {"required", "ordered", "namevalue"}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_help_has_mathworks_form(name: str) -> None:
    text = (TOOLBOX / "+cifarx" / f"{name}.m").read_text("ascii")
    lines = text.splitlines()
    assert re.match(rf"%{name.upper()}  [A-Z].*\.$", lines[1])  # the H1 line
    assert f"CIFARX.{name.upper()}(" in text
    assert "%   Example:" in text
    assert "%   See also " in text
    assert not set(re.findall(r"error\('(\S+?)'", text)) - set(
        re.findall(rf"error\('(cifarx:(?:{name}|check):\w+)'", text)  # restated under its name
    )


@pytest.mark.octave
@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_the_example_in_the_help_runs(
    name: str, octave_program: str, bundle: Bundle, tmp_path: Path
) -> None:
    write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    text = (TOOLBOX / "+cifarx" / f"{name}.m").read_text("ascii")
    example = re.search(r"^%   Example:\n((?:%      .*\n)+)", text, re.MULTILINE)
    assert example
    script = tmp_path / "example.m"
    script.write_text(re.sub(r"^%      ", "", example[1], flags=re.MULTILINE))
    run(octave_program, script, tmp_path, standin=True)
