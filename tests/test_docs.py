"""The documents: their links lead somewhere, their commands run, their tables are current."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cifarx.export.from_onnx.operator_table import updated
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models.registry import models

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"))
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))
    missing = [x for x in links if "://" not in x and not (page.parent / x).exists()]
    assert not missing


def commands() -> list[str]:
    """The three commands of the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"<!-- test:.*?-->\n```sh\n(.*?)```", text, re.DOTALL)
    assert block
    return [line.partition("#")[0].strip() for line in block[1].splitlines()]


def test_the_readmes_commands_run_in_an_empty_folder(tmp_path: Path) -> None:
    typed = commands()
    assert typed == ["cifarx train bn8", "cifarx export --onnx --mat", "cifarx verify model.onnx"]
    typed[0] = "cifarx train bn-tiny --data shapes --limit 200 --epochs 1"
    for command in typed:
        arguments = [sys.executable, "-m", "cifarx.cli", *shlex.split(command)[1:]]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("EQUIVALENT")


def test_ci_calls_the_readmes_test_command() -> None:
    assert "\nmake test\n" in (ROOT / "README.md").read_text("utf-8")
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_every_room_is_on_the_map() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for stage in ("pytorch_models", "export", "verify", "cli"):
        home = f"{stage}/cifarx/{stage}"
        part = text.partition(f"\n{home}/ ")[2].partition("\n\n")[0]
        rooms = {p.parent.name for p in (ROOT / home).glob("*/__init__.py")}
        drawn = {name for name in re.findall(r"── (\w+)/ ", part) if name != "recipes"}
        assert drawn == rooms, stage
    for package in (ROOT / "matlab" / "toolbox" / "+cifarx" / "+internal").glob("+*"):
        assert package.name in text


def test_every_layer_kind_and_its_properties_stand_in_the_format() -> None:
    text = (ROOT / "export" / "README.md").read_text("utf-8")
    rows = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+Layer)` \|.*$", text, re.MULTILINE)}
    assert set(rows) == set(VOCABULARY)
    for name, kind in VOCABULARY.items():
        assert all(f"`{key}`" in rows[name] for key in (*kind.hyper, *kind.arrays)), name


def test_the_table_of_operators_is_current() -> None:
    page = (ROOT / "docs" / "operators.md").read_text("utf-8")
    assert page == updated(page)


def test_every_network_that_must_go_through_is_listed_with_its_verdict() -> None:
    page = (ROOT / "docs" / "networks.md").read_text("utf-8")
    found = dict(re.findall(r"^\| (\w+) \| \d+ \|.* \| (EQUIVALENT) \|", page, re.MULTILINE))
    assert len(found) == 21
    assert set(re.findall(r"^\| ([\w-]+) \| \d+ of \d+", page, re.MULTILINE)) == set(models())
