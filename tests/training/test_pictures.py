from __future__ import annotations

import numpy as np

from tfvma.training.pictures import grid


def test_grid_has_an_image_per_cell():
    images = np.zeros([2, 3, 4, 5, 1], np.float32)
    images[1, 2] = 1.0
    picture = grid(images)
    # Magnified three times, with gaps of two pixels before that.
    assert picture.shape == (3 * (2 * 4 + 2), 3 * (3 * 5 + 2 * 2))
    assert (picture[-12:, -15:] == 1.0).all()
    assert (picture[:12, :15] == 0.0).all()
    assert (picture == 1.0).sum() == 12 * 15
    assert (picture == 0.0).sum() == 5 * 12 * 15
