"""Keep images on the device and prepare batches there."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifarx.pytorch_models.augment import augment
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.recipe import Augment


class Resident:
    """Images on the device as uint8; each batch is augmented and normalised when it is used."""

    def __init__(
        self,
        images: Images,
        mean: NDArray[np.float32],
        std: NDArray[np.float32],
        device: torch.device,
    ) -> None:
        self.pixels = torch.from_numpy(images.pixels).to(device)  # (N, C, H, W) uint8
        self.labels = torch.from_numpy(images.labels).to(device)  # (N,) int64
        self.mean = torch.from_numpy(mean).to(device)[:, None, None]
        self.std = torch.from_numpy(std).to(device)[:, None, None]

    def __len__(self) -> int:
        return len(self.labels)

    def batch(
        self, index: Tensor | slice, settings: Augment | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return (n, C, H, W) float32, normalised as by `preprocess`, and (n,) int64 labels.

        Args:
            index: (n,) int64 on the device, or a slice.
            settings: augmentation, done before normalisation; None for none.
        """
        pixels = self.pixels[index]
        images = pixels.float() if settings is None else augment(pixels, settings)
        return (images - self.mean) / self.std, self.labels[index]
