"""Parse MATLAB files with tree-sitter's MATLAB grammar, a parser independent of MISS_HIT.

`python tests/support/matlab_syntax.py FOLDER` parses every .m file in a folder, prints each place
that the grammar does not accept, and ends with exit code 1 if there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_matlab
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_matlab.language()))


def mistakes(path: Path) -> list[str]:
    """Places in a file that are not MATLAB, as `file:line:column: text`."""
    text = path.read_bytes()
    return [
        f"{path}:{node.start_point.row + 1}:{node.start_point.column + 1}: "
        f"{'missing ' + node.type if node.is_missing else 'cannot be parsed'}: "
        f"{text[node.start_byte : node.end_byte].decode('utf-8', 'replace').splitlines()[:1]}"
        for node in _broken(_PARSER.parse(text).root_node)
    ]


def _broken(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _broken(child)


def main(folder: str) -> int:
    """Print what is wrong in the files of a folder; 1 if anything is, or no file is there."""
    files = sorted(Path(folder).rglob("*.m"))
    found = [line for path in files for line in mistakes(path)]
    print("\n".join([*found, f"{len(files)} files parsed, {len(found)} mistakes"]))
    return int(bool(found) or not files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
