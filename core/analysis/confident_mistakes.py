"""What each loss says to a sigmoid output that is wrong: dl/dz over the logit z, truth y = 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nnlab.core.nn.losses import PAIRS

Array = NDArray[np.float64]


def correction(loss: str, logits: Array, dtype: DTypeLike = np.float64) -> Array:
    """|dl/dz| behind a sigmoid for the truth 1, by nnlab's own pair; in `dtype`."""
    z = logits.astype(dtype)[None, :, None]
    delta = np.empty_like(z)
    PAIRS[loss, "sigmoid"].loss_and_delta(z.copy(), np.ones_like(z), delta)
    return np.asarray(np.abs(delta[0, :, 0]), np.float64)
