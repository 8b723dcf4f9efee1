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
