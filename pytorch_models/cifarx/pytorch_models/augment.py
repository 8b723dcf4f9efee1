"""Data augmentation of a whole batch on its device, each image with its own random parameters.

The operations are torchvision's (transforms.v2: RandomAffine, ColorJitter, RandomCrop and
RandomHorizontalFlip), which give one set of parameters to all images of a batch. Images are float32
in units of the pixels, 0..255.

Nothing here waits for the device: no value is read back, no shape depends on one, and no constant
is copied over, so that a CUDA graph can capture it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from cifarx.pytorch_models.recipe import Augment

_WHITE = 255.0


def augment(pixels: Tensor, settings: Augment) -> Tensor:
    """Change each image at random: affine, colours, crop, flip, as far as the settings ask for.

    Args:
        pixels: (n, C, H, W) uint8.
        settings: what may happen; what is off is not computed.

    Returns:
        (n, C, H, W) float32 in units of the pixels, 0..255. Random numbers come from the default
        generator of the pixels' device.

    Raises:
        ValueError: colours are to change in images of other than 1 or 3 channels.
    """
    images = pixels.float()
    if settings.rotate or settings.translate or settings.scale != (1, 1):
        images = affine(images, *draw_affine(images, settings))
    if factors := draw_factors(images, settings):
        order = torch.rand(len(images), len(factors), device=images.device).argsort(1)
        images = jitter(images, factors, order)
    if settings.crop:
        corners = (2, len(images))
        top, left = torch.randint(2 * settings.crop + 1, corners, device=images.device)
        images = crop(images, top, left, settings.crop)
    if settings.flip:
        images = flip(images, torch.rand(len(images), device=images.device) < 0.5)
    return images


def draw_affine(images: Tensor, settings: Augment) -> tuple[Tensor, Tensor, Tensor]:
    """Angles, translations and scales for `affine`, as RandomAffine draws them."""
    height, width = images.shape[-2:]
    far = settings.translate
    return (
        _uniform(images, -settings.rotate, settings.rotate),
        torch.stack([_uniform(images, -far * n, far * n) for n in (width, height)], 1).round(),
        _uniform(images, *settings.scale),
    )


def draw_factors(images: Tensor, settings: Augment) -> dict[str, Tensor]:
    """Factors (n,) for `jitter` of the colour operations that are on, as ColorJitter draws them."""
    factors = {
        name: _uniform(images, max(0.0, 1 - spread), 1 + spread)
        for name in ("brightness", "contrast", "saturation")
        if (spread := getattr(settings, name))
    }
    if settings.hue:
        factors["hue"] = _uniform(images, -settings.hue, settings.hue)
    return factors


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(images), device=images.device).uniform_(low, high)


def affine(images: Tensor, angle: Tensor, translate: Tensor, scale: Tensor) -> Tensor:
    """Rotate and scale about the centre, then shift; nearest pixels, zeros from outside.

    Args:
        images: (n, C, H, W) float32.
        angle: (n,) degrees clockwise.
        translate: (n, 2) pixels to the right and down.
        scale: (n,) enlargement, positive.
    """
    height, width = images.shape[-2:]
    # where each pixel of the result comes from, from the centre; not by a matrix product, which on
    # a GPU may be in TF32 and then misses by pixels
    x = torch.arange(width, device=images.device) - (width - 1) / 2 - translate[:, 0, None, None]
    y = torch.arange(height, device=images.device) - (height - 1) / 2 - translate[:, 1, None]
    y = y[:, :, None]  # (n, H, 1), and x is (n, 1, W)
    turn = angle.deg2rad()
    cos, sin = (turn.cos() / scale)[:, None, None], (turn.sin() / scale)[:, None, None]
    source = ((cos * x + sin * y) / (width / 2), (cos * y - sin * x) / (height / 2))
    grid = torch.stack(source, dim=-1)  # (n, H, W, 2), in which the image reaches from -1 to 1
    return functional.grid_sample(
        images, grid, mode="nearest", padding_mode="zeros", align_corners=False
    )


def crop(images: Tensor, top: Tensor, left: Tensor, padding: int) -> Tensor:
    """Cut a part of the image's own size out of each image with `padding` zeros on each side.

    Args:
        images: (n, C, H, W).
        top: (n,) int64, first row of the part, 0..2 * padding; `padding` leaves the image as it is.
        left: (n,) int64, the same for columns.
        padding: pixels.
    """
    n, channels, height, width = images.shape
    device = images.device
    rows = top[:, None] + torch.arange(height, device=device)  # (n, H)
    columns = left[:, None] + torch.arange(width, device=device)  # (n, W)
    image = torch.arange(n, device=device)[:, None, None, None]
    channel = torch.arange(channels, device=device)[:, None, None]
    padded = functional.pad(images, [padding] * 4)
    return padded[image, channel, rows[:, None, :, None], columns[:, None, None, :]]


def flip(images: Tensor, chosen: Tensor) -> Tensor:
    """Mirror the chosen images, (n,) bool, left to right."""
    return torch.where(_each(chosen), images.flip(-1), images)


def jitter(images: Tensor, factors: Mapping[str, Tensor], order: Tensor) -> Tensor:
    """Apply colour operations to each image in its own order.

    Args:
        images: (n, C, H, W) float32, 0..255.
        factors: (n,) by the name of the operation, k of them.
        order: (n, k) int64, each row a permutation: the operations' places in `factors`.
    """
    for step in range(len(factors)):
        for i, (name, factor) in enumerate(factors.items()):
            # all images through all operations: which it is to be, only the device knows
            changed = COLOURS[name](images, factor)
            images = torch.where(_each(order[:, step] == i), changed, images)
    return images


def brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply by (n,) factors; 0 gives black."""
    return (images * _each(factor)).clamp(0, _WHITE)


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Move away from the image's mean grey by (n,) factors; 0 gives grey."""
    return _blend(images, _grey(images).mean((1, 2, 3), keepdim=True), factor)


def saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Move away from each pixel's grey by (n,) factors; 0 gives a grey image."""
    return images if images.shape[1] == 1 else _blend(images, _grey(images), factor)


def hue(images: Tensor, shift: Tensor) -> Tensor:
    """Turn the colour circle by (n,) parts of it, -0.5..0.5; lightest and darkest channel stay.

    Without the usual way over hue, saturation and value:
    https://en.wikipedia.org/wiki/HSL_and_HSV#HSV_to_RGB_alternative
    """
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    low, high = images.aminmax(dim=1)  # (n, H, W)
    spread = high - low
    part = spread.clamp(min=torch.finfo(spread.dtype).tiny)  # grey has no hue: 0 / tiny
    angle = torch.where(  # in sixths of the circle, from red
        high == red,
        (green - blue) / part,
        torch.where(high == green, 2 + (blue - red) / part, 4 + (red - green) / part),
    )
    offset = torch.arange(5, 0, -2, device=images.device)[:, None, None]  # of red, green, blue
    k = (angle[:, None] + 6 * _each(shift) + offset).remainder(6)  # (n, 3, H, W)
    return high[:, None] - spread[:, None] * torch.minimum(k, 4 - k).clamp(0, 1)


COLOURS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": brightness,
    "contrast": contrast,
    "saturation": saturation,
    "hue": hue,
}


def _each(values: Tensor) -> Tensor:
    """(n,) -> (n, 1, 1, 1)."""
    return values[:, None, None, None]


def _grey(images: Tensor) -> Tensor:
    """(n, 1, H, W) luma of ITU-R BT.601, to torchvision's four digits."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue)[:, None]


def _blend(images: Tensor, others: Tensor, factor: Tensor) -> Tensor:
    """`others` at factor 0, `images` at 1, beyond them above."""
    factor = _each(factor)
    return (images * factor + others * (1 - factor)).clamp(0, _WHITE)
