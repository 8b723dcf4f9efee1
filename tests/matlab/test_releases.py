"""The toolbox under six releases of MATLAB, as the stand-in plays them by their documentation.

Nothing here ran in MATLAB. The rules of each release, and the pages from which they come, are in
matlab/tests/standIn.m and matlab/tests/standin/.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from stand_in import RELEASES, ROOT, TESTS, Octave, outcomes

pytestmark = pytest.mark.octave

DATA = TESTS / "data"
SKIPPED = {
    "testSignaturesAreValid": "SKIPPED validateFunctionSignaturesJSON is not installed.",
    "testNameValueStrings": "SKIPPED Octave has no strings.",
}
NO_IMPORTER = {
    "testImportONNXChecksWhatItImports": "SKIPPED importNetworkFromONNX is not installed."
}
QUICK = ("R2021a", "R2023b", "R2026b")  # the others pass and skip what one of these does
WITHOUT_IMPORTER = ("R2021a", "R2022b")


@pytest.fixture
def program(octave_program: str) -> str:
    return octave_program


def readme() -> dict[str, tuple[set[str], int, int]]:
    """By release, from the table in matlab/README.md: networks, tests that pass, tests skipped."""
    text = (ROOT / "matlab" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (R20\d\d[ab]) \| ([a-z, ]+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    return {row[0]: (set(row[1].split(", ")), int(row[2]), int(row[3])) for row in rows}


@pytest.mark.parametrize(
    "release",
    [
        pytest.param(release, marks=[] if release in QUICK else [pytest.mark.slow])
        for release in RELEASES
    ],
)
def test_the_tests_for_matlab_owners_pass_under_each_release(
    release: str, program: str, tmp_path: Path
) -> None:
    names = {path.stem for path in TESTS.glob("test?*.m")} - {"testNames"}
    skipped = SKIPPED | (NO_IMPORTER if release in WITHOUT_IMPORTER else {})
    found = outcomes(Octave(program, tmp_path, release=release))
    assert found == {name: skipped.get(name, "PASSED") for name in names}
    assert readme()[release][1:] == (len(names) - len(skipped), len(skipped))


ALWAYS = {"oldest", "resized", "segments", "vectors", "signals", "several"}
BUILDABLE = {
    "R2021a": ALWAYS,
    "R2022b": ALWAYS | {"windows", "decoded"},
    "R2023b": ALWAYS | {"windows", "decoded", "norms"},
    "R2024b": ALWAYS | {"windows", "decoded", "norms"},
    "R2025a": ALWAYS | {"windows", "decoded", "norms", "joins", "curves", "functions"},
    "R2026b": ALWAYS | {"windows", "decoded", "norms", "joins", "curves", "functions"},
}


@pytest.mark.parametrize("release", RELEASES)
def test_each_release_builds_what_it_has_layers_for(
    release: str, program: str, tmp_path: Path
) -> None:
    octave = Octave(program, tmp_path, release=release)
    text = octave(
        """
        files = fixtures();
        for i = 1:numel(files)
            try
                cifarx.dlnetwork(files{i});
                printf('%s built\\n', files{i});
            catch e
                assert(strcmp(e.identifier, 'cifarx:dlnetwork:release'), e.message);
            end
        end
        """
    )
    assert set(re.findall(r"(\w+)\.mat built", text)) == BUILDABLE[release]


CHANGED = {
    "a small epsilon": ("R2022b", "net.layers(2).Epsilon = 1e-6;", "of R2023a or newer"),
    "flattening that stays a layer": (
        "R2021a",
        """
        at = find(strcmp({net.layers.Kind}, 'FlattenLayer'));
        join = net.layers(at);
        join.Name = 'join'; join.Kind = 'ConcatenationLayer'; join.Dim = 1;
        join.Inputs = repmat({net.layers(at).Name}, 1, 2);
        net.layers(at + 1).Inputs = {'join'};
        net.layers(at + 1).Weights = repmat(net.layers(at + 1).Weights, 1, 2);
        net.layers = [net.layers(1:at), join, net.layers(at + 1:end)];
        """,
        "cannot assemble the layers: R2021a flattens sequences of images only",
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_an_old_release_refuses_asks_for_a_newer_one(
    change: str, program: str, tmp_path: Path
) -> None:
    release, code, said = CHANGED[change]
    code = f"net = cifarx.load('{DATA}/oldest.mat'); {code} net = cifarx.dlnetwork(net);"
    text = Octave(program, tmp_path, release=release).failure(code)
    assert text.startswith("cifarx:dlnetwork:release\n"), text
    assert said in text
    assert Octave(program, tmp_path).failure(code) == "no error\n"


@pytest.mark.parametrize("release", ["R2022b", "R2026b"])
def test_features_that_trainnetwork_keeps_as_maps(
    release: str, program: str, tmp_path: Path
) -> None:
    """Batch norm of features trains by trainnet; trainNetwork alone asks for a newer release."""
    code = f"""
        net = cifarx.load('{DATA}/norms.mat');
        for i = find(strcmp({{net.layers.Kind}}, 'LayerNormalizationLayer'))
            for k = i + 1:numel(net.layers)
                net.layers(k).Inputs = strrep(net.layers(k).Inputs, net.layers(i).Name, ...
                                              net.layers(i).Inputs{{1}});
            end
        end
        net.layers(strcmp({{net.layers.Kind}}, 'LayerNormalizationLayer')) = [];
        X = net.test.images;
        cifarx.fineTune(net, X, 1 + mod(1:size(X, 4), 5), 'MaxEpochs', 1, 'Verbose', false);
    """
    text = Octave(program, tmp_path, release=release).failure(code)
    if release == "R2026b":
        assert text == "no error\n"
    else:
        assert text.startswith("cifarx:fineTune:release\ntrainNetwork of this MATLAB cannot train")
        assert "is a BatchNormalizationLayer of features" in text


def test_average_pooling_of_a_release_without_padding_values(program: str, tmp_path: Path) -> None:
    Octave(program, tmp_path, release="R2021a")(
        f"""
        net = cifarx.load('{DATA}/windows.mat');
        net.layers(strcmp({{net.layers.Name}}, 'inside')).PaddingValue = 0;
        back = cifarx.internal.build.fromDlnetwork(cifarx.dlnetwork(net), net);
        assert(isequal(back.layers, net.layers));
        """
    )


def test_the_importer_without_its_add_on(program: str, tmp_path: Path) -> None:
    octave = Octave(program, tmp_path, release="R2023b", without="onnx")
    text = octave.failure(f"cifarx.importONNX('{DATA}/oldest.onnx')")
    assert text.startswith("cifarx:importONNX:toolbox\ncifarx.importONNX needs the add-on")
    said = outcomes(octave, "Import")["testImportONNXChecksWhatItImports"]
    assert said.startswith("SKIPPED cifarx.importONNX needs the add-on")


@pytest.mark.parametrize(
    ("release", "opened"),
    [("R2021a", "layer graph"), ("R2023b", "layer graph"), ("R2026b", "initialized dlnetwork")],
)
def test_the_app_gets_what_the_release_opens(
    release: str, opened: str, program: str, tmp_path: Path
) -> None:
    text = Octave(program, tmp_path, release=release)(f"cifarx.openInDesigner('{DATA}/oldest.mat')")
    assert text.startswith(f"Deep Network Designer: {opened} of ")


@pytest.mark.parametrize("release", ["R2022b", "R2026b"])
def test_fine_tuning_on_a_datastore(release: str, program: str, tmp_path: Path) -> None:
    """Images of other sizes, gray ones too, with the names of classes as labels."""
    octave = Octave(program, tmp_path, release=release)
    code = f"""
        net = cifarx.load('{DATA}/oldest.mat');
        files = {{'a.bin', 'b.bin', 'c.bin'}};
        sizes = {{[18 22 3], [9 11 1], [30 30 3]}};
        read = @(file) uint8(100 * ones(sizes{{strcmp(file, files)}}));
        images = imageDatastore(files, 'Labels', net.classes([5 1 5]), 'ReadFcn', read);
    """
    octave(
        f"""{code}
        tuned = cifarx.fineTune(net, images, 'MaxEpochs', 3, 'Verbose', false);
        assert(iscellstr(images.Labels));  % the caller's own is not changed
        assert(isequal(tuned.layers(1:end - 1), net.layers(1:end - 1)));
        change = tuned.layers(end).Bias - net.layers(end).Bias;
        [~, most] = max(change);
        assert(most == 5 && change(1) > change(2));
        """
    )
    text = octave.failure(f"{code} images.Labels{{1}} = 'nobody'; cifarx.fineTune(net, images);")
    assert text.startswith("cifarx:fineTune:labels\n")


def test_the_networks_in_the_readme_are_those_of_these_tests() -> None:
    assert {release: networks for release, (networks, _, _) in readme().items()} == BUILDABLE
