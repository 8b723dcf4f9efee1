"""PyTorch's answers in both precisions; numpy in float64 is the independent reference."""

from __future__ import annotations

import computed_constants
import numpy as np
import torch
from torch import Tensor, nn

from cifarx.export.from_torch.answers import make_answers, make_batch
from cifarx.export.from_torch.calls import Example
from cifarx.export.network.interface import Input
from cifarx.pytorch_models.data.images import Images

IMAGE = Example((Input("image", (3, 8, 8)),))


class Two(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return 2 * x, x * x


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 5)).eval()


def test_both_precisions_are_computed_and_the_module_is_left_as_it_was() -> None:
    module = linear()
    weights = module[1].weight.detach().numpy().copy()
    bias = module[1].bias.detach().numpy().copy()
    x = torch.randn(300, 3, 8, 8).numpy()  # more than one mini-batch
    (narrow,), (wide,) = make_answers(module, IMAGE, [x])
    assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
    expected = x.reshape(300, -1).astype(np.float64) @ weights.T.astype(np.float64) + bias
    np.testing.assert_allclose(wide, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(narrow, expected, rtol=1e-4, atol=1e-5)
    assert module[1].weight.dtype == torch.float32
    assert module[1].weight.detach().numpy().tobytes() == weights.tobytes()


def test_the_batch_holds_images_and_their_normalised_form() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (4, 3, 8, 8), np.uint8)
    labels = np.arange(4)
    mean, std = np.array([1, 2, 3], np.float32), np.array([4, 5, 6], np.float32)
    batch = make_batch(linear(), Images(pixels, labels), mean, std)
    expected = (pixels - mean[:, None, None]) / std[:, None, None]
    np.testing.assert_allclose(batch.inputs[0], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(batch.images, pixels)
    np.testing.assert_array_equal(batch.labels, labels)
    assert batch.logits.shape == batch.reference.shape == (4, 5)


def test_every_output_of_a_module_is_computed_in_both_precisions() -> None:
    x = torch.randn(70, 3, 8, 8).numpy()
    narrow, wide = make_answers(Two(), IMAGE, [x])
    assert [y.dtype for y in (*narrow, *wide)] == [np.float32] * 2 + [np.float64] * 2
    for doubled, squared in (narrow, wide):
        np.testing.assert_array_equal(doubled, 2 * x)
        np.testing.assert_array_equal(squared, np.square(x, dtype=doubled.dtype))


def test_a_module_that_ends_in_a_log_softmax_gives_the_logits_before_it() -> None:
    module, x = computed_constants.made("log-softmax"), computed_constants.noise(70)
    (narrow,), (wide,) = make_answers(module, Example((Input("image", x.shape[1:]),)), [x])
    with torch.no_grad():
        given = torch.from_numpy(x)
        features = torch.relu(module.conv(given)).mean((2, 3))
        assert torch.equal(torch.from_numpy(narrow), module.fc(features))
        final = module.double()(given.double())
    np.testing.assert_allclose(torch.log_softmax(torch.from_numpy(wide), 1), final, atol=1e-14)
    assert np.abs(wide - final.numpy()).max() > 0.1


def test_a_log_softmax_that_is_not_the_end_leaves_the_outputs_as_they_are() -> None:
    module, x = computed_constants.log_softmax_inside().eval(), computed_constants.noise(3)
    (narrow,), _ = make_answers(module, Example((Input("image", x.shape[1:]),)), [x])
    with torch.no_grad():
        np.testing.assert_array_equal(narrow, module(torch.from_numpy(x)).numpy())
