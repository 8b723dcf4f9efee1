"""The networks, one file per family; importing this package registers all of them.

Rows such as S2b are those of the table in pytorch_models/README.md, which names the write-ups.
"""

from cifarx.pytorch_models.zoo import alexnet as alexnet
from cifarx.pytorch_models.zoo import bn as bn
from cifarx.pytorch_models.zoo import cnn3 as cnn3
from cifarx.pytorch_models.zoo import dynconv as dynconv
from cifarx.pytorch_models.zoo import fashion as fashion
from cifarx.pytorch_models.zoo import lenet as lenet
from cifarx.pytorch_models.zoo import mlp as mlp
from cifarx.pytorch_models.zoo import mnist as mnist
from cifarx.pytorch_models.zoo import plain as plain
from cifarx.pytorch_models.zoo import transfer as transfer
from cifarx.pytorch_models.zoo import wide as wide
