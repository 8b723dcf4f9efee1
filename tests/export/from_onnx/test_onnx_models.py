"""The onnx package's own test models: docs/onnx-models.md says how many, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_models
import pytest
from onnx_models import Network

VERSION, NAMES = onnx_models.recorded()
_REWRITE = "run `python tests/support/onnx_models.py` and look at what changed"


@pytest.fixture(scope="session")
def networks() -> dict[str, Network]:
    return onnx_models.load_networks()


@pytest.fixture(scope="session")
def outputs(
    networks: dict[str, Network], octave_program: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, np.ndarray | str]:
    """What one Octave computes of all of them."""
    taken = [n for n in networks.values() if n.left_out is None]
    return onnx_models.by_octave(taken, tmp_path_factory.mktemp("onnx_models"), octave_program)


def chosen(networks: dict[str, Network], name: str) -> Network:
    """The network, which must still be read."""
    if name not in networks and onnx.__version__ != VERSION:
        pytest.skip(f"onnx {onnx.__version__} has no such case; onnx {VERSION} had")
    network = networks[name]
    assert network.left_out is None
    return network


@pytest.mark.octave
@pytest.mark.parametrize("name", NAMES)
def test_octave_gives_what_the_case_expects(
    name: str, networks: dict[str, Network], outputs: dict[str, np.ndarray | str]
) -> None:
    network = chosen(networks, name)
    found = outputs[name]
    assert not isinstance(found, str), found
    network.check(found)


@pytest.mark.parametrize("name", NAMES)
def test_onnx_runtime_gives_what_the_case_expects(name: str, networks: dict[str, Network]) -> None:
    network = chosen(networks, name)
    network.check(onnx_models.by_onnx_runtime(network))


@pytest.mark.octave
def test_what_a_newer_onnx_adds_gives_what_it_expects(
    networks: dict[str, Network], outputs: dict[str, np.ndarray | str]
) -> None:
    """With the recorded version there is nothing that it adds."""
    added = [n for n in networks.values() if n.left_out is None and n.name not in NAMES]
    assert not added or onnx.__version__ != VERSION, _REWRITE
    for network in added:
        found = outputs[network.name]
        assert not isinstance(found, str), found
        network.check(found)
        network.check(onnx_models.by_onnx_runtime(network))


def test_every_case_is_accounted_for(networks: dict[str, Network]) -> None:
    for kind, found in onnx_models.counts(networks).items():
        assert sum(found.values()) == len(onnx_models.load_model_tests(kind=kind))
        assert set(found) <= {"", "part", *onnx_models.RULES}
        assert found[""] > 0


def test_the_page_and_the_record_are_current(networks: dict[str, Network]) -> None:
    if onnx.__version__ != VERSION:
        told = {
            kind: f"{found['']} and {found['part']} in part of {sum(found.values())}"
            for kind, found in onnx_models.counts(networks).items()
        }
        pytest.skip(f"they are about onnx {VERSION}; onnx {onnx.__version__} gives {told}")
    assert onnx_models.page(networks) == onnx_models.PAGE.read_text("utf-8"), _REWRITE
    assert onnx_models.record(networks) == onnx_models.RECORD.read_text("utf-8"), _REWRITE


def test_a_wrong_result_does_not_pass(networks: dict[str, Network]) -> None:
    network = networks[NAMES[0]]
    with pytest.raises(AssertionError):
        network.check(network.expected * np.float32(1.01))


def test_an_error_in_octave_is_told_apart_from_a_result(
    networks: dict[str, Network], octave_program: str, tmp_path: Path
) -> None:
    broken = replace(networks[NAMES[0]], mat=b"no MAT-file")
    found = onnx_models.by_octave([broken], tmp_path, octave_program)
    assert "is not a readable MAT-file" in str(found[broken.name])
