"""The rules of the house that no linter knows: design.md, section 2."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.export.to_onnx.layers import WRITERS

STAGES = ("pytorch_models", "export", "verify", "cli")
WITH_TORCH = {
    "pytorch_models": {
        "augment.py",
        "checkpoint.py",
        "distributed.py",
        "fit.py",
        "mixed_convolution.py",
        "optimizer.py",
        "plan.py",
        "resident.py",
        "step.py",
        "train.py",
        "weights.py",
    },
    "export": {
        "network/compute.py",
        "from_torch/answers.py",
        "from_torch/failures.py",
        "from_torch/marks.py",
        "from_torch/reader.py",
        "from_torch/pt_formats.py",
    },
    "verify": {
        "engines/pytorch.py",
        "ladder/accuracy/sweep.py",
        "ladder/layers/bounds.py",
        "ladder/layers/local_check.py",
        "ladder/layers/truth_of_activations.py",
        "ladder/layers/truth_of_normalizations.py",
        "ladder/layers/truth_of_sums.py",
        "ladder/layers/winograd.py",
    },
    "cli": set(),
}


def modules(root: Path, stage: str) -> list[Path]:
    return sorted((root / stage / "cifarx").rglob("*.py"))


def imported(path: Path, *, everywhere: bool) -> set[str]:
    """Names of modules that a file imports, at its top level or everywhere."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if everywhere else iter(tree.body)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_namespace_has_no_init(root: Path) -> None:
    assert not [stage for stage in STAGES if (root / stage / "cifarx" / "__init__.py").exists()]
    assert not list((root / "matlab").rglob("__init__.py"))  # MATLAB's engine is called matlab


@pytest.mark.parametrize("stage", STAGES)
def test_imports_go_one_way(root: Path, stage: str) -> None:
    later = STAGES[STAGES.index(stage) + 1 :]
    for path in modules(root, stage):
        names = imported(path, everywhere=True)
        assert not [n for n in names for s in later if n.startswith(f"cifarx.{s}")], path


@pytest.mark.parametrize("stage", STAGES)
def test_torch_is_imported_only_where_it_must_be(root: Path, stage: str) -> None:
    for path in modules(root, stage):
        where = path.relative_to(root / stage / "cifarx" / stage).as_posix()
        if where not in WITH_TORCH[stage]:
            names = imported(path, everywhere=False)
            assert not [n for n in names if n.split(".")[0] in ("torch", "torchvision")], path


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "--help"],
        ["verify", "--help"],
        ["check", "--help"],
        ["import", "--help"],
        ["models"],
        ["matlab-path"],
    ],
)
def test_help_and_lists_do_not_import_torch(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['cifarx', *{arguments!r}]\n"
        "from cifarx.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "heavy = {'torch', 'onnxruntime', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_every_layer_kind_is_in_every_room(root: Path) -> None:
    package = root / "matlab" / "toolbox" / "+cifarx"
    rooms = (root / "export" / "cifarx" / "export").rglob("*.py")
    reader = "".join(p.read_text("utf-8") for p in rooms if p.parent.name == "operators")
    internal = package / "+internal"
    cases = set(re.findall(r"case '(\w+)'", (internal / "applyLayer.m").read_text()))
    truths = re.findall(r"'(\w+Layer)'", (internal / "+truth" / "localTruth.m").read_text())
    arithmetic = {f"{p.stem}Layer".lower() for p in (package / "+layer").glob("*.m")}
    assert set(WRITERS) == set(VOCABULARY)
    assert set(re.findall(r'"(\w+Layer)"', reader)) == set(VOCABULARY)
    assert cases == set(VOCABULARY)
    assert sorted(truths) == sorted(VOCABULARY)  # each once
    assert arithmetic == {kind.lower() for kind in VOCABULARY}
