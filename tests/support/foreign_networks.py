"""Networks that the project did not write, as `foreign_networks:NAME` for `cifarx export`.

torchvision's, timm's where timm can be imported, and those of `written_networks`, each made the
same each time: random weights; norms with random scales and offsets, their statistics 99 parts of
those of one batch of noise and 1 part of the initial ones; and what a training opens is open:
gates of squeeze-and-excitation have biases from -6 to 6, so that some are shut, and the scales of
residual branches, which begin at nearly 0, lie between 0.1 and 1.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import torch
from function_networks import FUNCTIONS
from torch import nn
from written_networks import WRITTEN

TORCHVISION = (
    "alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "wide_resnet50_2",
    "densenet121", "squeezenet1_0", "squeezenet1_1", "googlenet", "inception_v3", "mobilenet_v2",
    "mobilenet_v3_small", "mobilenet_v3_large", "mnasnet0_5", "shufflenet_v2_x0_5",
    "efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf", "convnext_tiny",
)  # fmt: skip
TIMM = (
    "resnet10t", "mobilenetv3_small_050", "lcnet_035", "starnet_s050", "mobilenetv2_050",
    "mnasnet_small", "tinynet_e", "semnasnet_075", "regnety_002", "regnetx_002", "ghostnet_050",
    "convnext_atto", "convnextv2_atto", "edgenext_xx_small", "inception_next_atto",
    "efficientvit_b0", "repghostnet_050", "efficientnet_b0", "efficientnet_lite0", "resnet18d",
    "seresnet18", "mobilenetv4_conv_small_050", "mobilenetv1_100", "fbnetc_100", "spnasnet_100",
    "mixnet_s", "repvgg_a0", "nf_regnet_b0", "rexnet_100", "gernet_s", "ese_vovnet19b_slim",
    "hgnetv2_b0", "cs3darknet_s", "poolformer_s12", "nf_resnet26", "hardcorenas_a", "mobileone_s0",
    "fasternet_t0", "dla46_c", "regnetz_005", "repvit_m0_9", "resnext26ts", "gcresnext26ts",
    "tf_efficientnet_b0", "resnetv2_18", "mambaout_femto", "fbnetv3_b", "resnet50_gn",
    "poolformerv2_s12", "mobilenet_edgetpu_100", "efficientnet_es", "skresnet18", "resnest14d",
    "res2net50_14w_8s", "selecsls42",
)  # fmt: skip
REFUSED = {
    "timm_edgenext_xx_small": "Add",
    "timm_efficientvit_b0": "Pad",
}
"""By network, an operator that `cifarx export` names as it refuses it."""
_NOISE = 32  # images; of fewer, the last maps of deep networks have too few numbers
_BOTTOM = 1e-2  # scales of branches that no training has opened yet
_NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)
_GATE = re.compile("SqueezeEx|SEModule|EffectiveSE|SqueezeExcit")


@dataclass(frozen=True)
class Foreign:
    """One network."""

    name: str
    source: str
    """Who wrote it."""
    build: Callable[[], nn.Module]
    input_size: tuple[int, int, int]
    """(C, H, W)."""

    def make(self) -> nn.Module:
        """The network, in evaluation mode, with the same weights each time."""
        torch.manual_seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # googlenet and inception announce an initialisation
            module = self.build()
        return as_if_trained(module, self.input_size)


@torch.no_grad()
def as_if_trained(module: nn.Module, input_size: tuple[int, int, int]) -> nn.Module:
    """Give a network with initial weights the parts that a training gives it; see above."""
    for part in module.modules():
        if isinstance(part, _NORMS) and part.weight is not None:
            part.weight.uniform_(0.5, 1.5)
            if part.bias is not None:
                part.bias.normal_(0, 0.1)
        if _GATE.search(type(part).__name__):
            _spread(part)
    for name, parameter in module.named_parameters():
        scale = re.search(r"gamma|gain|layer_scale|\bls\d", name) is not None
        if scale and parameter.abs().max() <= _BOTTOM:
            parameter.uniform_(0.1, 1.0)
    module.eval()
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.train()
            part.momentum = 0.99
    module(torch.randn(_NOISE, *input_size))
    return module.eval()


def _spread(gate: nn.Module) -> None:
    """Biases from -6 to 6 for the layer that the gate's function is applied to."""
    layers = [p for p in gate.modules() if isinstance(p, nn.Conv2d | nn.Linear)]
    bias = layers[-1].bias if layers else None
    if bias is not None:
        bias.copy_(torch.linspace(-6, 6, len(bias))[torch.randperm(len(bias))])


def _torchvision(name: str) -> nn.Module:
    import torchvision

    module: nn.Module = getattr(torchvision.models, name)(weights=None)
    return module


def _timm(name: str) -> nn.Module:
    import timm

    module: nn.Module = timm.create_model(name, pretrained=False, num_classes=10)
    return module


def networks() -> dict[str, Foreign]:
    """By name; timm's, whose names begin with timm_, where timm is installed."""
    written = [
        Foreign(name, f"tests/support/{file}.py", build, size)
        for file, some in (("written_networks", WRITTEN), ("function_networks", FUNCTIONS))
        for name, (build, size) in some.items()
    ]
    torchvision = [
        Foreign(n, "torchvision", partial(_torchvision, n), (3, *_size(n))) for n in TORCHVISION
    ]
    timm = [Foreign(f"timm_{n}", "timm", partial(_timm, n), (3, *_size(n))) for n in TIMM]
    found = (*written, *torchvision, *(timm if find_spec("timm") else ()))
    return {network.name: network for network in found}


def _size(name: str) -> tuple[int, int]:
    side = 96 if name.startswith("inception_v") else 64
    return side, side


def __getattr__(name: str) -> Callable[[], nn.Module]:
    found = networks().get(name)
    if found is None:
        raise AttributeError(name)
    return found.make
