"""Text from files that reaches a terminal or a page."""

from __future__ import annotations

import pytest

from cifarx.verify.findings.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1 ±é犬", "conv1 ±é犬"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\x00", r"a\nb\tc\x00"),
        ("abc\u202edoc", r"abc\u202edoc"),
        ("\ud800", r"\ud800"),
    ],
)
def test_only_what_has_a_shape_is_left_as_it_is(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_characters_can_be_kept() -> None:
    assert printable("a\nb\x1b", keep="\n") == "a\nb\\x1b"
