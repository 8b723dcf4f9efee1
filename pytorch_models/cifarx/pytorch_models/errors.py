"""The exceptions that cifarx raises on purpose, as one tree for all stages.

    CifarxError
    ├── UserError                the user can correct it: printed as one paragraph, exit code 2
    │   ├── UnreadableError      a network with parts that no layer kind represents
    │   └── NoParentError        a file that came from no run that is at hand
    ├── GraphError               a network that the layer vocabulary cannot express
    ├── UnsupportedError         an ONNX node that the layer vocabulary cannot express
    ├── TooLargeError            more data than one ONNX file can hold
    ├── MalformedFileError       a file that is truncated or not in its format
    ├── OtherFilesError          a sound result file of another network or another test batch
    ├── EngineError              a runtime rejected its file or failed
    │   └── EngineMissingError   a runtime that is not installed or has no file to run
    ├── BrokeDownError           an engine failed on the data set after it had worked before
    └── CutShortError            not all images were scored; the scores so far are kept

cifarx catches all of them except `UserError` and its subclasses, and reports them in a `UserError`
or in the result of a check.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class CifarxError(Exception):
    """The base class of all exceptions that cifarx raises on purpose."""


class UserError(CifarxError):
    """A mistake in the user's input.

    The text is one paragraph: what is wrong, what was given, what is allowed, what to do next. The
    command line prints it without a traceback and exits with code 2.
    """


class UnreadableError(UserError):
    """A network with parts that no layer kind represents; the error lists all of them."""

    def __init__(
        self, message: str, reasons: Iterable[tuple[str, str]], nodes: Iterable[str] = ()
    ) -> None:
        super().__init__(message)
        self.nodes = tuple(nodes)
        """Names of the nodes that cannot be read, in the order of the file."""
        self.reasons = tuple(reasons)
        """Pairs (operator, reason); the operator is '' for the output of the network."""


class NoParentError(UserError):
    """A file that came from no run that is at hand; the text says why, and how to name one."""


class GraphError(CifarxError, ValueError):
    """A network that the vocabulary cannot express, or that contradicts itself."""


class UnsupportedError(CifarxError):
    """An ONNX node that the vocabulary cannot express."""


class TooLargeError(CifarxError):
    """More data than one ONNX file can hold; the text is the size."""


class MalformedFileError(CifarxError):
    """A file that is truncated or not in its format; the text is the middle of a sentence."""


class OtherFilesError(CifarxError):
    """A sound result file of another network or another test batch."""


class EngineError(CifarxError):
    """A runtime rejected its file or failed; the text says how."""


class EngineMissingError(EngineError):
    """A runtime that is not installed or has no file to run; the text says which."""


class BrokeDownError(CifarxError):
    """An engine that worked on the compared images failed on others; the text says how."""

    def __init__(self, engine: str, text: str) -> None:
        super().__init__(text)
        self.engine = engine


class CutShortError(CifarxError):
    """Some images were not scored; the scores so far are kept.

    The text is the reason, without a full stop.
    """


def nearest(given: str, allowed: Iterable[str]) -> str:
    """Suggest the allowed name that is most like the given one, or return ''.

    >>> nearest("bn-8", ["bn5", "bn8", "lenet"])
    "Did you mean 'bn8'? "
    """
    close = difflib.get_close_matches(given.lower(), list(allowed), n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}? " if close else ""


def plain(text: object) -> str:
    r"""Return the text of an exception in one line, without terminal colour codes.

    >>> plain("\x1b[31mno such\nfile\x1b[0m")
    'no such file'
    """
    return " ".join(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(text)).split())
