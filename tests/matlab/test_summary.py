"""cifarx.summary in GNU Octave: the table and the structure of a network's layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.pytorch_models.run import Run, build_module

pytestmark = pytest.mark.octave

Octave = Callable[[str], str]


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    write_bundle(bundle, tmp_path, "model", Formats(mat=True))
    return tmp_path


def test_the_table_has_a_line_a_layer(octave: Octave, folder: Path, bundle: Bundle) -> None:
    lines = octave("cifarx.summary(cifarx.load('model.mat'))").splitlines()
    layers = bundle.graph.layers
    assert lines[0] == f"{bundle.card.model}, {len(layers)} layers, 10 classes"
    assert lines[2].split() == ["Name", "Type", "Output", "size", "Learnables"]
    table = lines[3 : 4 + len(layers)]
    assert [line.split()[0] for line in table] == [str(i + 1) for i in range(len(layers) + 1)]
    assert [line.split()[1] for line in table] == ["image", *(layer.name for layer in layers)]
    assert " ".join(table[0].split()) == "1 image ImageInput 32(S) x 32(S) x 3(C) x 1(B)"
    assert " ".join(table[1].split()) == (
        "2 conv1 Convolution2D 32(S) x 32(S) x 4(C) x 1(B) Weights 3 x 3 x 3 x 4, Bias 1 x 1 x 4"
    )
    assert table[1].index("32(S)") == table[0].index("32(S)")  # columns stand below each other
    assert "10(C) x 1(B)" in table[-1]


def test_sizes_and_learnables_are_those_of_the_graph_and_of_pytorchs_module(
    octave: Octave, folder: Path, bundle: Bundle, trained: Run
) -> None:
    text = octave(
        """
        info = cifarx.summary(cifarx.load('model.mat'));
        for row = info.layers, printf('%s\\n', mat2str(row.OutputSize)); end
        printf('%d %d\\n', info.learnables, info.classes);
        norm = info.layers(strcmp({info.layers.Name}, 'norm1'));
        assert(isequal(fieldnames(norm.Learnables), {'Scale'; 'Offset'}));
        assert(isequal(norm.State.TrainedVariance, [1 1 4]) && norm.Count == 8);
        """
    )
    *sizes, last = text.splitlines()
    shapes = bundle.graph.shapes().values()
    expected = [f"[{s[1]} {s[2]} {s[0]}]" if len(s) == 3 else str(s[0]) for s in shapes]
    assert sizes == expected
    count = sum(p.numel() for p in build_module(trained).parameters())
    assert last == f"{count} 10"


def test_arrays_of_a_scaling_are_no_learnables(octave: Octave, folder: Path) -> None:
    octave(
        """
        net = cifarx.load('model.mat');
        before = cifarx.summary(net);
        net.layers(2).Kind = 'ScalingLayer';
        net.layers(2).Scale = single(2);
        net.layers(2).Offset = single(0);
        net.layers(2).Source = struct('Scale', '', 'Offset', '');
        after = cifarx.summary(net);
        assert(after.learnables, before.learnables);
        """
    )
