"""Augment a batch of images on its device, with separate random parameters for each image.

The operations are those of torchvision (transforms.v2: RandomAffine, ColorJitter, RandomCrop and
RandomHorizontalFlip), which use the same parameters for all images of a batch. Images are float32
in pixel units, 0..255.

Nothing here synchronises with the device: no value is read back, no shape depends on a value, and
no constant is copied to the device. A CUDA graph can therefore capture it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from cifarx.pytorch_models.recipe import Augment

_WHITE = 255.0


def augment(pixels: Tensor, settings: Augment) -> Tensor:
    """Change each image at random: affine map, colours, crop, flip, as the settings say.

    Args:
        pixels: (n, C, H, W) uint8.
        settings: the ranges; operations that are off are not computed.

    Returns:
        (n, C, H, W) float32 in pixel units, 0..255. Random numbers come from the default generator
        of the device that holds the pixels.

    Raises:
        ValueError: the settings change colours, and the images do not have 1 or 3 channels.

    >>> pixels = torch.tensor([[[[0, 100, 200]]]], dtype=torch.uint8)
    >>> augment(pixels, Augment())
    tensor([[[[  0., 100., 200.]]]])
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
    """Draw angles, translations and scales for `affine`, as RandomAffine does."""
    height, width = images.shape[-2:]
    far = settings.translate
    return (
        _uniform(images, -settings.rotate, settings.rotate),
        torch.stack([_uniform(images, -far * n, far * n) for n in (width, height)], 1).round(),
        _uniform(images, *settings.scale),
    )


def draw_factors(images: Tensor, settings: Augment) -> dict[str, Tensor]:
    """Draw factors (n,) for `jitter`, one entry per active operation, as ColorJitter does."""
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
    """Rotate and scale about the centre, then shift; nearest neighbour, zeros outside the image.

    Args:
        images: (n, C, H, W) float32.
        angle: (n,) degrees clockwise.
        translate: (n, 2) pixels to the right and down.
        scale: (n,) magnification, positive.
    """
    height, width = images.shape[-2:]
    # The source position of each pixel of the result, relative to the centre. A matrix product
    # could run in TF32 on a GPU and be wrong by whole pixels.
    x = torch.arange(width, device=images.device) - (width - 1) / 2 - translate[:, 0, None, None]
    y = torch.arange(height, device=images.device) - (height - 1) / 2 - translate[:, 1, None]
    y = y[:, :, None]  # (n, H, 1), and x is (n, 1, W)
    turn = angle.deg2rad()
    cos, sin = (turn.cos() / scale)[:, None, None], (turn.sin() / scale)[:, None, None]
    source = ((cos * x + sin * y) / (width / 2), (cos * y - sin * x) / (height / 2))
    grid = torch.stack(source, dim=-1)  # (n, H, W, 2), in units where the image spans -1 to 1
    return functional.grid_sample(
        images, grid, mode="nearest", padding_mode="zeros", align_corners=False
    )


def crop(images: Tensor, top: Tensor, left: Tensor, padding: int) -> Tensor:
    """Pad each image with zeros, then crop it to its original size.

    Args:
        images: (n, C, H, W).
        top: (n,) int64, first row of the crop, 0..2 * padding; `padding` returns the image itself.
        left: (n,) int64, the same for columns.
        padding: pixels on each side.

    >>> crop(torch.tensor([[[[1., 2., 3.]]]]), torch.tensor([1]), torch.tensor([2]), 1)
    tensor([[[[2., 3., 0.]]]])
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
    """Flip the chosen images left to right; `chosen` is (n,) bool.

    >>> flip(torch.tensor([[[[1., 2., 3.]]]]), torch.tensor([True]))
    tensor([[[[3., 2., 1.]]]])
    """
    return torch.where(_each(chosen), images.flip(-1), images)


def jitter(images: Tensor, factors: Mapping[str, Tensor], order: Tensor) -> Tensor:
    """Apply colour operations to each image, in a separate order for each.

    Args:
        images: (n, C, H, W) float32, 0..255.
        factors: k factors (n,) by the name of their operation.
        order: (n, k) int64; each row is a permutation of positions in `factors`.
    """
    for step in range(len(factors)):
        for i, (name, factor) in enumerate(factors.items()):
            # Only the device knows which operation is next, so all images go through all of them.
            changed = COLOURS[name](images, factor)
            images = torch.where(_each(order[:, step] == i), changed, images)
    return images


def brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply by (n,) factors; 0 gives black.

    >>> brightness(torch.tensor([[[[0., 100., 200.]]]]), torch.tensor([1.5]))
    tensor([[[[  0., 150., 255.]]]])
    """
    return (images * _each(factor)).clamp(0, _WHITE)


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Scale the distance from the image's mean grey by (n,) factors; 0 gives uniform grey."""
    return _blend(images, _grey(images).mean((1, 2, 3), keepdim=True), factor)


def saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Scale the distance from each pixel's grey value by (n,) factors; 0 gives a grey image."""
    return images if images.shape[1] == 1 else _blend(images, _grey(images), factor)


def hue(images: Tensor, shift: Tensor) -> Tensor:
    """Rotate the colour circle by (n,) fractions of it, -0.5..0.5.

    The largest and the smallest channel of a pixel keep their values. The formula avoids the usual
    conversion to HSV: https://en.wikipedia.org/wiki/HSL_and_HSV#HSV_to_RGB_alternative
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
    """(n, 1, H, W) luma of ITU-R BT.601, with the four digits that torchvision uses."""
    if images.shape[1] == 1:
        return images
    red, green, blue = images.unbind(1)
    return (0.2989 * red + 0.587 * green + 0.114 * blue)[:, None]


def _blend(images: Tensor, others: Tensor, factor: Tensor) -> Tensor:
    """Interpolate from `others` (factor 0) to `images` (factor 1) and beyond."""
    factor = _each(factor)
    return (images * factor + others * (1 - factor)).clamp(0, _WHITE)
