"""The rules of the code that no linter checks (CONTRIBUTING.md, "The house")."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.export.to_onnx.layers import WRITERS
from cifarx.pytorch_models.imported.parts import PARTS

STAGES = ("pytorch_models", "export", "verify", "cli")
ROOMS = {
    "export": (
        ("network",),
        ("from_onnx", "to_onnx", "mat", "to_torch"),
        ("from_torch", "matlab_importer"),
        ("",),
    ),
    "verify": (
        ("findings",),
        ("report", "subject"),
        ("engines",),
        ("ladder",),
        ("exchange", "from_matlab"),
        ("",),
        ("reproduction",),
    ),
}
"""By stage: the floors of its rooms, the lowest first. A module imports from its own room and from
lower floors. A room is a folder, with those in it that are no rooms of their own; '' is the stage's
own folder."""
MOST_MODULES = 17  # in a folder
MOST_BY_POSITION = 6  # arguments
WITH_TORCH = {
    "pytorch_models": {
        "augment.py",
        "checkpoint.py",
        "distributed.py",
        "fit.py",
        "imported/modules.py",
        "imported/network.py",
        "imported/parts.py",
        "mixed_convolution.py",
        "optimizer.py",
        "plan.py",
        "resident.py",
        "step.py",
        "train.py",
        "weights.py",
        "weights_file.py",
    },
    "export": {
        "network/compute.py",
        "from_torch/answers.py",
        "from_torch/calls.py",
        "from_torch/failures.py",
        "from_torch/marks.py",
        "from_torch/reader.py",
        "from_torch/pt_formats.py",
    },
    "verify": {
        "engines/pytorch.py",
        "engines/recorded_layers.py",
        "ladder/accuracy/sweep.py",
        "ladder/layers/approximation.py",
        "ladder/layers/bounds.py",
        "ladder/layers/local_check.py",
        "ladder/layers/truth_of_activations.py",
        "ladder/layers/truth_of_functions.py",
        "ladder/layers/truth_of_normalizations.py",
        "ladder/layers/truth_of_resizing.py",
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


def modules_by_name(root: Path, stage: str) -> dict[str, Path]:
    """The modules and packages of a stage, by the name after `cifarx.STAGE.`."""
    home = root / stage / "cifarx" / stage
    found = {}
    for path in modules(root, stage):
        parts = path.relative_to(home).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_modules(path: Path, stage: str, known: Container[str]) -> set[str]:
    """The modules of its own stage that a file imports, by their names after `cifarx.STAGE.`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                module = inner.removeprefix(f"cifarx.{stage}.") in known
                found.add(inner if module else node.module or "")
    return {n for name in found if (n := name.removeprefix(f"cifarx.{stage}.")) in known}


def room_of(name: str, floors: Iterable[tuple[str, ...]]) -> str:
    folder = "/".join(name.split(".")[:-1])
    rooms = [room for floor in floors for room in floor]
    return max((r for r in rooms if not r or f"{folder}/".startswith(f"{r}/")), key=len)


@pytest.mark.parametrize("stage", ROOMS)
def test_rooms_import_from_lower_floors_alone(root: Path, stage: str) -> None:
    floors = ROOMS[stage]
    height = {room: i for i, floor in enumerate(floors) for room in floor}
    known = modules_by_name(root, stage)
    wrong = []
    for name, path in known.items():
        own = room_of(name, floors)
        for other in imported_modules(path, stage, known):
            room = room_of(other, floors)
            if room != own and height[room] >= height[own]:
                wrong.append(f"{name} imports {other}")
    assert not wrong
    assert all((root / stage / "cifarx" / stage / room).is_dir() for room in height)


@pytest.mark.parametrize("stage", ROOMS)
def test_modules_do_not_import_each_other_in_a_circle(root: Path, stage: str) -> None:
    known = modules_by_name(root, stage)
    order = TopologicalSorter({n: imported_modules(p, stage, known) for n, p in known.items()})
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("stage", ["export", "verify"])
def test_no_folder_holds_too_many_modules(root: Path, stage: str) -> None:
    folders = Counter(path.parent for path in modules(root, stage) if path.name != "__init__.py")
    assert folders
    assert not {str(f): n for f, n in folders.items() if n > MOST_MODULES}


@pytest.mark.parametrize("stage", STAGES)
def test_torch_is_imported_only_where_it_must_be(root: Path, stage: str) -> None:
    for path in modules(root, stage):
        where = path.relative_to(root / stage / "cifarx" / stage).as_posix()
        if where not in WITH_TORCH[stage]:
            names = imported(path, everywhere=False)
            assert not [n for n in names if n.split(".")[0] in ("torch", "torchvision")], path


def too_many_by_position(tree: ast.AST) -> Iterator[str]:
    """Yield definitions and calls with more than six positional arguments.

    `self` and `cls` do not count; what `*` unpacks counts as one argument.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
            if len(names) - (names[:1] in (["self"], ["cls"])) > MOST_BY_POSITION:
                yield f"line {node.lineno}: {getattr(node, 'name', 'lambda')}"
        elif isinstance(node, ast.Call) and len(node.args) > MOST_BY_POSITION:
            yield f"line {node.lineno}: {ast.unparse(node.func)}(...)"


def test_the_search_for_positional_arguments_finds_them() -> None:
    code = """
class A:
    def six(self, a, b, c, d, e, f): ...
    def seven(self, a, b, c, /, d, e, f, g): ...
    def by_keyword(self, *, a, b, c, d, e, f, g): ...
f(1, 2, 3, 4, 5, 6, *x)
f(1, 2, 3, 4, 5, 6, g=7)
"""
    assert sorted(too_many_by_position(ast.parse(code))) == ["line 4: seven", "line 6: f(...)"]


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_takes_more_than_six_by_position(root: Path, stage: str) -> None:
    found = [
        f"{path.relative_to(root)}, {place}"
        for path in modules(root, stage)
        for place in too_many_by_position(ast.parse(path.read_text("utf-8")))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("stage", STAGES)
def test_no_two_public_classes_of_a_stage_share_a_name(root: Path, stage: str) -> None:
    names = Counter(
        node.name
        for path in modules(root, stage)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, count in names.items() if count > 1]


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
    readers = (p for p in rooms if p.parent.name == "operators" or p.name == "materialize.py")
    reader = "".join(p.read_text("utf-8") for p in readers)
    internal = package / "+internal"
    cases = set(re.findall(r"case '(\w+)'", (internal / "applyLayer.m").read_text()))
    truths = re.findall(r"'(\w+Layer)'", (internal / "+truth" / "localTruth.m").read_text())
    arithmetic = {f"{p.stem}Layer".lower() for p in (package / "+layer").glob("*.m")}
    assert set(WRITERS) == set(VOCABULARY)
    assert set(PARTS) == set(VOCABULARY)
    assert set(re.findall(r'"(\w+Layer)"', reader)) == set(VOCABULARY)
    assert cases == set(VOCABULARY)
    assert sorted(truths) == sorted(VOCABULARY)  # each once
    assert arithmetic == {kind.lower() for kind in VOCABULARY}
