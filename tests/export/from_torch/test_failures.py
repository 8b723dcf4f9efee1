"""PyTorch's errors become one paragraph, and nothing else is printed."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest
from torch import nn

from cifarx.export.from_torch.failures import told_in_a_paragraph
from cifarx.export.network.interface import Input
from cifarx.pytorch_models.errors import UserError


def fail_loudly() -> None:
    print("a graph")
    print("a trace", file=sys.stderr)
    warnings.warn("deprecated", stacklevel=1)
    try:
        raise ValueError("\x1b[31mno such shape.\nmore lines")
    except ValueError as error:
        raise RuntimeError("export failed") from error


SIZE = Input("image", (3, 8, 9))


def test_the_innermost_cause_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.root.manager.disable
    with pytest.raises(UserError) as caught, told_in_a_paragraph(nn.ReLU(), [SIZE]):
        fail_loudly()
    text = str(caught.value)
    assert "cannot export the module ReLU: no such shape. " in text
    assert "3 x 8 x 9" in text
    assert "\n" not in text
    assert "\x1b" not in text
    assert capsys.readouterr() == ("", "")
    assert logging.root.manager.disable == before


def test_a_users_mistake_goes_through_as_it_is() -> None:
    with pytest.raises(UserError, match=r"^mine$"), told_in_a_paragraph(nn.ReLU()):
        raise UserError("mine")


def test_nothing_is_raised_where_all_is_well() -> None:
    with told_in_a_paragraph(nn.ReLU()):
        pass
