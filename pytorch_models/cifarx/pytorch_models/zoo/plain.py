"""Row S2c, the table of the PyTorch and MATLAB report: N convolutions and M linear layers.

`plain-N-M` is bn5's pattern without batch norm. The report does not state the widths; here they
rise to 512 as in bn8. Rows 14 and 15 of the table have batch norm: they are `bn8-dropout` and
`bn8`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cifarx.pytorch_models.registry import register
from cifarx.pytorch_models.zoo.bn import WIDTHS_8, report_network

if TYPE_CHECKING:
    from torch import nn

_WIDTHS = {
    5: (32, 64, 128, 256, 512),
    6: (32, 64, 128, 128, 256, 512),
    7: (32, 64, 64, 128, 128, 256, 512),
    8: WIDTHS_8,
    12: (32, 64, 64, 64, 128, 128, 128, 256, 256, 256, 512, 512),
}
_HIDDEN = {1: (), 3: (512, 256), 4: (512, 256, 128)}


def _network(convolutions: int, linear: int, classes: int, *, dropout: bool = False) -> nn.Module:
    return report_network(
        _WIDTHS[convolutions],
        _HIDDEN[linear],
        classes,
        norm=False,
        dropout_after=4 if dropout else None,
    )


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=6_692_170,
    multiply_adds=1_403_520_256,
    recipe="table-01",
)
def plain_12_4(classes: int) -> nn.Module:
    """12 x (3x3 convolution, ReLU), average pool, 4 linear."""
    return _network(12, 4, classes)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=5_498_058,
    multiply_adds=1_402_327_040,
    recipe="table-02",
)
def plain_12_1(classes: int) -> nn.Module:
    """12 x (3x3 convolution, ReLU), average pool, 1 linear."""
    return _network(12, 1, classes)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=6_660_554,
    multiply_adds=1_403_488_768,
    recipe="table-05",
)
def plain_12_3(classes: int) -> nn.Module:
    """12 x (3x3 convolution, ReLU), average pool, 3 linear."""
    return _network(12, 3, classes)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=2_936_074,
    multiply_adds=450_333_184,
    recipe="table-06",
)
def plain_7_3(classes: int) -> nn.Module:
    """7 x (3x3 convolution, ReLU), average pool, 3 linear."""
    return _network(7, 3, classes)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=2_899_146,
    multiply_adds=440_896_000,
    recipe="table-07",
)
def plain_6_3(classes: int) -> nn.Module:
    """6 x (3x3 convolution, ReLU), average pool, 3 linear."""
    return _network(6, 3, classes)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=2_751_562,
    multiply_adds=403_147_264,
    recipe="table-10",
)
def plain_5_3(classes: int) -> nn.Module:
    """5 x (3x3 convolution, ReLU), average pool, 3 linear."""
    return _network(5, 3, classes)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=2_751_562,
    multiply_adds=403_147_264,
    recipe="table-11",
)
def plain_5_3_dropout(classes: int) -> nn.Module:
    """5 x (3x3 convolution, ReLU), dropout after the fourth, average pool, 3 linear."""
    return _network(5, 3, classes, dropout=True)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=2_936_074,
    multiply_adds=450_333_184,
    recipe="table-12",
)
def plain_7_3_dropout(classes: int) -> nn.Module:
    """7 x (3x3 convolution, ReLU), dropout after the fourth, average pool, 3 linear."""
    return _network(7, 3, classes, dropout=True)


@register(
    source="S2c",
    input_size=(3, 32, 32),
    parameters=3_526_154,
    multiply_adds=601_328_128,
    recipe="table-13",
)
def plain_8_3_dropout(classes: int) -> nn.Module:
    """8 x (3x3 convolution, ReLU), dropout after the fourth, average pool, 3 linear."""
    return _network(8, 3, classes, dropout=True)


@register(
    source="tests", input_size=(3, 32, 32), parameters=947, multiply_adds=226_064, recipe="tiny"
)
def plain_tiny(classes: int) -> nn.Module:
    """plain-N-M with 4 convolutions of 3 to 6 maps and 2 linear, for tests and first tries."""
    return report_network((3, 4, 5, 6), (8,), classes, norm=False, dropout_after=4)
