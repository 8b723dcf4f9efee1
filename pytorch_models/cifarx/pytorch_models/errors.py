"""Every exception that cifarx raises on purpose, as one tree that all stages know.

    CifarxError
    ├── UserError                the user can put it right: printed as one paragraph, exit code 2
    │   └── UnreadableError      a network with parts that no layer kind stands for
    ├── GraphError               a network that the layer vocabulary cannot express
    ├── UnsupportedError         one ONNX node that asks for what the vocabulary lacks
    ├── TooLargeError            more than one ONNX file can hold
    ├── MalformedFileError       a file that is cut short or not in its format
    ├── OtherFilesError          a sound result file, but of another network or test batch
    ├── EngineError              a runtime rejected its file or broke down
    │   └── EngineMissingError   a runtime that is not installed, or has no file to run
    ├── BrokeDownError           an engine failed on the data set after it worked before
    └── CutShortError            not all images were scored; what was scored remains

All but `UserError` and its kind are caught inside cifarx and told in a paragraph or a check's line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class CifarxError(Exception):
    """The root: nothing that cifarx raises on purpose is outside it."""


class UserError(CifarxError):
    """A mistake in what the user gave, as one paragraph: what is wrong, given, allowed, next.

    The command line prints the text without a traceback and exits with code 2.
    """


class UnreadableError(UserError):
    """A network with parts that no layer kind stands for, with all of them."""

    def __init__(
        self, message: str, reasons: Iterable[tuple[str, str]], nodes: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.nodes = tuple(nodes)
        """Names of the nodes that cannot be read, in the file's order."""
        self.reasons = tuple(reasons)
        """(operator, reason); the operator is '' for the network's output."""


class GraphError(CifarxError, ValueError):
    """A network that the vocabulary cannot express, or that contradicts itself."""


class UnsupportedError(CifarxError):
    """One ONNX node asks for something that the vocabulary lacks."""


class TooLargeError(CifarxError):
    """More than one ONNX file can hold; the text is the size."""


class MalformedFileError(CifarxError):
    """A file that is cut short or not in its format; the text is the middle of a sentence."""


class OtherFilesError(CifarxError):
    """A sound result file, but of another network or another test batch."""


class EngineError(CifarxError):
    """A runtime rejected its file or broke down; the text says how."""


class EngineMissingError(EngineError):
    """A runtime that is not installed, or has no file to run; the text says which."""


class BrokeDownError(CifarxError):
    """An engine that worked on the compared images fails on others; the text says how."""

    def __init__(self, engine: str, text: str) -> None:
        super().__init__(text)
        self.engine = engine


class CutShortError(CifarxError):
    """Some images were not scored; those that were remain. The text, a reason, has no full stop."""


def nearest(given: str, allowed: Iterable[str]) -> str:
    """'Did you mean 'bn8'? ' for a near miss, else ''.

    >>> nearest("bn-8", ["bn5", "bn8", "lenet"])
    "Did you mean 'bn8'? "
    """
    close = difflib.get_close_matches(given.lower(), list(allowed), n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}? " if close else ""


def plain(text: object) -> str:
    """What an exception says, in one line and without terminal colour codes."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(text)).split())
