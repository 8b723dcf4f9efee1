"""The toolbox in GNU Octave over the stand-in for Deep Learning Toolbox of a release of MATLAB."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "matlab" / "tests"
TOOLBOX = ROOT / "matlab" / "toolbox"
RELEASES = ("R2021a", "R2022b", "R2023b", "R2024b", "R2025a", "R2026b")


@dataclass(frozen=True)
class Octave:
    """Octave in a folder, with the toolbox, the tests and the stand-in on its path."""

    program: str
    folder: Path
    toolbox: Path = TOOLBOX
    tests: Path = TESTS
    release: str = "R2026b"
    """That the stand-in plays; "" for no stand-in."""
    without: str = ""
    """What is not installed, as matlab/tests/standIn.m says."""

    def __call__(self, code: str) -> str:
        start = "warning('off', 'Octave:shadowed-function');"
        start += "".join(f"addpath('{path}');" for path in (self.toolbox, self.tests))
        start += f"standIn('{self.release}');" if self.release else ""
        done = subprocess.run(
            [self.program, "--no-gui", "--norc", "--quiet", "--eval", start + code],
            capture_output=True,
            text=True,
            cwd=self.folder,
            timeout=1200,
            env={**os.environ, "CIFARX_STANDIN_WITHOUT": self.without},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def failure(self, code: str) -> str:
        """Identifier and message of the error that the code raises, or 'no error'."""
        return self(
            f"try, {code}; disp('no error'), catch e, disp(e.identifier), disp(e.message), end"
        )

    def judged(self, file: str) -> str:
        """Distance of a file's dlnetwork from the float64 reference, relative, or the error."""
        return self(
            f"""
            try
                net = cifarx.load('{file}');
                inputs = networkInputs(net);
                Y = cifarx.internal.build.runDlnetwork(cifarx.dlnetwork(net), net, inputs);
                truths = cifarx.internal.layout.each(net.test.reference, numel(Y));
                far = @(y, truth) max(abs(y(:) - truth(:))) / max(abs(truth(:)));
                printf('%.3e', max(cellfun(far, Y, truths)));
            catch e
                disp(e.identifier), disp(e.message)
            end
            """
        )


def outcomes(octave: Octave, pattern: str = ".") -> dict[str, str]:
    """What the command for MATLAB owners prints in Octave: outcome and message of each test."""
    code = (
        f"setenv('CIFARX_STANDIN_RELEASE', '{octave.release}'); try, runCifarxTests('{pattern}');"
    )
    lines = octave(f"{code} catch, end").splitlines()
    found = (re.fullmatch(r"(\w+) \| (test\w+) \| (.*)", line) for line in lines)
    return {m[2]: f"{m[1]} {m[3]}".strip() for m in found if m}
