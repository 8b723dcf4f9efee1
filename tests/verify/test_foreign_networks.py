"""Sound exports of networks that the project did not write are EQUIVALENT; spoilt ones are not.

The networks are in tests/support, `foreign_networks`; timm's are among them where timm can be
imported (CONTRIBUTING.md, 'Networks of others'). PyTorch's export, some ten seconds each, is what
makes them slow.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from foreign_check import IMAGES, LIVE, check, export
from foreign_faults import FOREIGN_FAULTS, FOREIGN_MAT_FAULTS, spoilt_runtime
from foreign_networks import REFUSED, TIMM, networks
from refusals import assert_refused
from refusals import check as check_files

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.report.json_report import lines

QUICK = ("folded_constants", "eegnet", "small_convnext", "pilotnet")
Files = Callable[[str], Path]


def assert_equivalent(result: Result) -> None:
    text = "\n".join(lines(result))
    assert result.verdict is Verdict.EQUIVALENT, text
    assert not [c for c in result.checks() if c.outcome is Outcome.FAILED], text
    assert result.images.count >= IMAGES
    assert all(len(e.layers) == e.layers_in_all > 0 for e in result.engines if e.judgement), text
    assert result.first_divergence is None


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name, network in networks().items()
    ],
)
def test_a_sound_export_of_somebody_elses_network(name: str, tmp_path: Path) -> None:
    if name in REFUSED:
        with pytest.raises(UserError, match=REFUSED[name]):
            export(name, tmp_path)
        return
    export(name, tmp_path)
    assert_equivalent(check(name, tmp_path, LIVE))


@pytest.mark.slow
@pytest.mark.octave
@pytest.mark.parametrize("name", [n for n in networks() if "/" in networks()[n].source])
def test_a_sound_export_of_somebody_elses_network_in_octave(
    name: str, tmp_path: Path, octave_program: str
) -> None:
    export(name, tmp_path)
    assert_equivalent(check(name, tmp_path, ("octave",)))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("timm") is not None, reason="timm is installed")
def test_networks_of_timm_are_told_to_be_missing() -> None:
    pytest.skip(
        f"timm is not installed: {len(TIMM)} networks of it were not verified (CONTRIBUTING.md, "
        "'Networks of others', says how)"
    )


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """By network, a folder with its model.onnx and model.mat; tests must not change it."""
    made: dict[str, Path] = {}

    def written(network: str) -> Path:
        if network not in made:
            made[network] = tmp_path_factory.mktemp(network)
            export(network, made[network], "model")
        return made[network]

    return written


@pytest.fixture
def own_files(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Make an own copy of a network's folder the current one."""

    def copied(network: str) -> Path:
        shutil.copytree(files(network), tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return copied


def _some(names: list[str]) -> list[object]:
    """Names, of which seven in eight are slow."""
    return [
        pytest.param(name, marks=[pytest.mark.slow] if i % 8 else [])
        for i, name in enumerate(names)
    ]


def assert_located(result: Result, layer: str | tuple[str, ...]) -> None:
    text = "\n".join(lines(result))
    found = result.first_divergence
    assert found is not None, text
    assert found.layer in ((layer,) if isinstance(layer, str) else layer), text


@pytest.mark.parametrize("name", _some([*FOREIGN_FAULTS]))
def test_a_fault_in_the_file_is_caught_and_located(own_files: Files, name: str) -> None:
    fault = FOREIGN_FAULTS[name]
    fault.spoil(own_files(fault.network))
    result = check_files("onnxruntime")
    assert_refused(result)
    assert_located(result, fault.layer)


@pytest.mark.parametrize("name", _some([n for n, f in FOREIGN_FAULTS.items() if f.in_runtime]))
def test_a_runtime_with_the_fault_is_caught_and_located(own_files: Files, name: str) -> None:
    fault = FOREIGN_FAULTS[name]
    own_files(fault.network)
    with spoilt_runtime(fault):
        result = check_files("onnxruntime")
    assert_refused(result)
    assert_located(result, fault.layer)
    assert result.first_divergence is not None
    assert result.first_divergence.found_by == "local check"


@pytest.mark.parametrize("name", _some([*FOREIGN_MAT_FAULTS]))
def test_a_fault_in_the_mat_file_is_caught_and_located(own_files: Files, name: str) -> None:
    fault = FOREIGN_MAT_FAULTS[name]
    fault.spoil(own_files(fault.network))
    result = check_files("onnxruntime")
    assert_refused(result)
    assert_located(result, fault.layer)


def test_a_network_of_each_part_that_the_zoo_lacks() -> None:
    assert len(networks()) >= 37
    assert len(TIMM) >= 40
    assert len(FOREIGN_FAULTS) >= 50
    assert len({fault.network for fault in FOREIGN_FAULTS.values()}) >= 4
