"""matlab/buildfile.m, as far as it can be checked without MATLAB."""

from __future__ import annotations

import re
import tomllib
import uuid

from stand_in import ROOT, TOOLBOX

TEXT = (ROOT / "matlab" / "buildfile.m").read_text("ascii")
DOCUMENTED = {  # mathworks.com/help/matlab/ref/matlab.addons.toolbox.toolboxoptions.html
    "ToolboxName",
    "ToolboxVersion",
    "Summary",
    "Description",
    "MinimumMatlabRelease",
    "MaximumMatlabRelease",
    "ToolboxMatlabPath",
    "OutputFile",
}


def test_the_toolbox_file_has_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.findall(r"ToolboxVersion = '(.*)'", TEXT) == [project["version"]]


def test_only_documented_options_are_set() -> None:
    assert set(re.findall(r"^options\.(\w+) =", TEXT, re.MULTILINE)) == DOCUMENTED
    (identifier,) = re.findall(r"identifier = '(.*?)'", TEXT)
    assert str(uuid.UUID(identifier)) == identifier
    assert (TOOLBOX / "doc").is_dir()
    assert (TOOLBOX / "examples").is_dir()


def test_the_plan_has_the_tasks_that_its_help_names() -> None:
    """`buildplan(localfunctions())` makes a task of each local function whose name ends in Task."""
    tasks = {name.lower() for name in re.findall(r"^function (\w+)Task\(", TEXT, re.MULTILINE)}
    tasks |= set(re.findall(r'^plan\("(\w+)"\)', TEXT, re.MULTILINE))
    assert (
        tasks
        == set(re.findall(r"^%   (\w+) {2,}", TEXT, re.MULTILINE))
        == {
            "check",
            "test",
            "package",
        }
    )


def test_the_readme_shows_every_room_and_none_is_crowded() -> None:
    internal = TOOLBOX / "+cifarx" / "+internal"
    rooms = [internal, *(path for path in internal.rglob("*") if path.is_dir())]
    text = (ROOT / "matlab" / "README.md").read_text("utf-8")
    for room in rooms:
        assert len(list(room.glob("*.m"))) <= 15, room
        assert re.search(rf"^ +{re.escape(room.name)}/ +\w", text, re.MULTILINE), room


def test_functions_call_what_exists() -> None:
    """Every full name of a function of cifarx in code and help is that of a file."""
    package = TOOLBOX / "+cifarx"
    known = {
        ".".join(p.relative_to(TOOLBOX).with_suffix("").as_posix().replace("+", "").split("/"))
        for p in package.rglob("*.m")
    }
    for path in [*TOOLBOX.rglob("*.m"), *(ROOT / "matlab" / "tests").glob("*.m")]:
        text = path.read_text("ascii")
        called = set(re.findall(r"\b(cifarx(?:\.(?:internal|layer))?(?:\.\w+)+)\(", text))
        assert called <= known, path
        named = {name.lower() for name in re.findall(r"\b(CIFARX(?:\.[A-Z0-9]+)+)\b", text)}
        assert named <= {name.lower() for name in known} | {"cifarx.layer"}, path
