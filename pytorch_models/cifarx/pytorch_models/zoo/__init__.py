"""The networks, one file a family; importing this package registers them all."""

from cifarx.pytorch_models.zoo import bn as bn
