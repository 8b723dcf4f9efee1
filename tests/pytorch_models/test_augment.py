"""Against torchvision, which changes one image at a time and takes floats in 0..1."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as reference

from cifarx.pytorch_models import augment as module
from cifarx.pytorch_models.augment import augment
from cifarx.pytorch_models.recipe import Augment

EVERYTHING = Augment(
    crop=3,
    flip=True,
    rotate=20,
    translate=0.2,
    scale=(0.8, 1.3),
    brightness=0.4,
    contrast=0.5,
    saturation=0.6,
    hue=0.1,
)
SWITCHES = {name: Augment(**{name: getattr(EVERYTHING, name)}) for name in Augment.model_fields}
SWITCHES["everything"] = EVERYTHING
COLOURS: dict[str, Callable[..., Tensor]] = {
    "brightness": reference.adjust_brightness,
    "contrast": reference.adjust_contrast,
    "saturation": reference.adjust_saturation,
    "hue": reference.adjust_hue,
}
ATOL = 1e-3  # of 255; torchvision rounds the hue, 0..1, several times and then multiplies it by 6


@pytest.fixture(autouse=True)
def seeded() -> None:
    """So that what is drawn is the same in every run of the tests."""
    torch.manual_seed(0)


def pixels(n: int, channels: int = 3, height: int = 9, width: int = 12) -> Tensor:
    """Colours, greys and pixels that share their extremes."""
    generator = torch.Generator().manual_seed(n)
    images = torch.randint(256, (n, channels, height, width), generator=generator)
    images[:, :, 0] = images[:, :1, 0]
    images[:, :, 1] = images[:, :, 1] // 128 * 255
    return images.to(torch.uint8)


def one_by_one(images: Tensor, operation: Callable[[Tensor, int], Tensor]) -> Tensor:
    """What torchvision gives, image by image, in units of the pixels."""
    return 255 * torch.stack([operation(image / 255, i) for i, image in enumerate(images)])


def uniform(n: int, low: float, high: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return low + (high - low) * torch.rand(n, generator=generator)


@pytest.mark.parametrize("size", [(9, 12), (12, 9), (8, 8)])
def test_affine_takes_the_pixels_that_torchvision_takes(size: tuple[int, int]) -> None:
    images = pixels(40, 2, *size).float()
    angle, scale = uniform(40, -180, 180), uniform(40, 0.5, 2).flip(0)
    translate = torch.stack([uniform(40, -5, 5), uniform(40, -4, 4).flip(0)], 1).round()
    angle[0], translate[0], scale[0] = 0, 0, 1
    angle[1], scale[1] = 0, 1
    expected = torch.stack(
        [
            reference.affine(
                image, angle[i].item(), translate[i].tolist(), scale[i].item(), [0.0, 0.0], fill=0
            )
            for i, image in enumerate(images)
        ]
    )
    result = module.affine(images, angle, translate, scale)
    # a source midway between two pixels may be rounded to either
    assert (result != expected).any(1).float().mean() < 1e-3
    assert result[0].equal(images[0])


@settings(max_examples=20)
@given(st.integers(0, 4), st.data())
def test_a_crop_is_torchvisions_crop_of_the_padded_image(padding: int, data: st.DataObject) -> None:
    corner = st.lists(st.integers(0, 2 * padding), min_size=3, max_size=3)
    top, left = data.draw(corner), data.draw(corner)
    images = pixels(3)
    expected = [
        reference.crop(reference.pad(image, [padding]), t, le, 9, 12)
        for image, t, le in zip(images, top, left, strict=True)
    ]
    result = module.crop(images, torch.tensor(top), torch.tensor(left), padding)
    assert result.equal(torch.stack(expected))


def test_only_the_chosen_images_are_flipped() -> None:
    images = pixels(3)
    result = module.flip(images, torch.tensor([True, False, True]))
    expected = [
        reference.horizontal_flip(images[0]),
        images[1],
        reference.horizontal_flip(images[2]),
    ]
    assert result.equal(torch.stack(expected))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", COLOURS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_colour_operation_is_torchvisions(name: str, channels: int, data: st.DataObject) -> None:
    bounds = (-0.5, 0.5) if name == "hue" else (0, 3)
    factor = data.draw(st.lists(st.floats(*bounds, width=32), min_size=4, max_size=4))
    images = pixels(4, channels)
    result = module.COLOURS[name](images.float(), torch.tensor(factor))
    expected = one_by_one(images, lambda image, i: COLOURS[name](image, factor[i]))
    torch.testing.assert_close(result, expected, rtol=0, atol=ATOL)


def test_each_image_is_jittered_in_its_own_order() -> None:
    images = pixels(24)
    names = list(COLOURS)
    order = torch.tensor(list(permutations(range(4))))  # all 24 of them
    factors = {name: uniform(24, 0.5, 1.8) for name in names} | {"hue": uniform(24, -0.3, 0.3)}

    def in_order(image: Tensor, i: int) -> Tensor:
        for place in order[i].tolist():
            image = COLOURS[names[place]](image, factors[names[place]][i].item())
        return image

    result = module.jitter(images.float(), factors, order)
    torch.testing.assert_close(result, one_by_one(images, in_order), rtol=0, atol=4 * ATOL)


def test_without_settings_the_pixels_are_only_converted() -> None:
    images = pixels(5)
    result = augment(images, Augment())
    assert result.dtype == torch.float32
    assert result.equal(images.float())


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_each_setting_changes_images_and_keeps_them_in_range(switch: Augment) -> None:
    images = pixels(16)
    result = augment(images, switch)
    assert (result.dtype, result.shape) == (torch.float32, images.shape)
    assert not result.equal(images.float())
    assert result.min() >= 0
    assert result.max() <= 255


def test_parameters_fill_the_ranges_that_torchvision_draws_from() -> None:
    images = torch.empty(20000, 1, 40, 20)
    angle, translate, scale = module.draw_affine(images, EVERYTHING)
    factors = module.draw_factors(images, EVERYTHING)
    theirs = v2.RandomAffine(20, (0.2, 0.2), (0.8, 1.3))
    colours = v2.ColorJitter(0.4, 0.5, 0.6, 0.1)
    for drawn, bounds in (
        (angle, theirs.degrees),
        (scale, theirs.scale),
        (factors["brightness"], colours.brightness),
        (factors["contrast"], colours.contrast),
        (factors["saturation"], colours.saturation),
        (factors["hue"], colours.hue),
    ):
        low, high = bounds
        assert low - 1e-6 <= drawn.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < drawn.max() <= high + 1e-6
        assert abs(drawn.mean() - (low + high) / 2) < 0.02 * (high - low)
    assert set(translate[:, 0].tolist()) == set(range(-4, 5))  # a fifth of 20 columns
    assert set(translate[:, 1].tolist()) == set(range(-8, 9))  # and of 40 rows


def test_a_factor_is_never_negative() -> None:
    drawn = module.draw_factors(torch.empty(1000, 1, 1, 1), Augment(contrast=3))["contrast"]
    assert 0 <= drawn.min() < 0.1


def test_all_crops_are_drawn_and_half_of_the_images_are_flipped() -> None:
    images = torch.zeros(4000, 1, 7, 7, dtype=torch.uint8)
    images[:, :, 3, 3] = 255
    places = augment(images, Augment(crop=2)).flatten(1).argmax(1)
    counts = torch.bincount(places, minlength=49).reshape(7, 7)
    assert counts[1:6, 1:6].min() > 100  # 4000 / 25 are 160
    assert counts.sum() == counts[1:6, 1:6].sum()
    images[:, :, 3, 0] = 0
    images[:, :, 3, 6] = 255
    assert 0.45 < (augment(images, Augment(flip=True))[:, 0, 3, 0] == 255).float().mean() < 0.55


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_equal_seeds_give_equal_images_and_each_image_its_own(switch: Augment) -> None:
    images = pixels(1).expand(16, -1, -1, -1)
    first, second = ((torch.manual_seed(7), augment(images, switch))[1] for _ in range(2))
    assert first.equal(second)
    assert len(first.unique(dim=0)) > 1
    assert not first.equal(augment(images, switch))


@pytest.mark.parametrize("channels", [1, 3])
def test_nothing_waits_for_the_device(channels: int) -> None:
    images = torch.empty(8, channels, 9, 12, dtype=torch.uint8, device="meta")  # has no values
    result = augment(images, EVERYTHING)
    assert (result.device.type, result.dtype, result.shape) == ("meta", torch.float32, images.shape)


def test_grey_images_keep_their_greys_under_saturation_and_hue() -> None:
    images = pixels(4, 1)
    assert augment(images, Augment(saturation=0.9, hue=0.5)).equal(images.float())


def test_colours_of_images_with_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 3"):
        augment(pixels(2, 2), Augment(contrast=0.5))


def test_every_order_of_colours_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = {name: torch.full((64,), 1.5) for name in ("brightness", "contrast", "saturation")}
    monkeypatch.setattr(module, "draw_factors", lambda images, settings: fixed)
    result = augment(pixels(1).expand(64, -1, -1, -1), Augment())
    assert len(result.unique(dim=0)) == 6
