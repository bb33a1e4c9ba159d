"""A curve for each model, and the VAE at no examples."""

from __future__ import annotations

import numpy as np
import pytest

from tfvma.figures.all_characters import all_characters

CURVES = {
    8: {1: (90.0, 1.0), 18: (74.0, 0.5)},
    1: {18: (79.0, 0.5), 1: (86.0, 1.0)},
}


def drawn(axes) -> dict[str, np.ndarray]:
    handles, labels = axes.get_legend_handles_labels()
    lines = [getattr(handle, "lines", [handle])[0] for handle in handles]
    return {label: line.get_xydata() for label, line in zip(labels, lines, strict=True)}


def test_a_curve_for_each_model_and_the_vae_at_nothing():
    axes = all_characters(CURVES, (83.5, 1.0), 90.8, 4).axes[0]
    curves = drawn(axes)
    np.testing.assert_allclose(curves.pop("VAE, no memory"), [(0, 83.5)])
    np.testing.assert_allclose(curves.pop("the paper's VAE: 90.8"), [(0, 90.8)])
    first = curves.pop("trained with 1 example per class")
    second = curves.pop("trained with 8 examples per class")
    assert not curves
    np.testing.assert_allclose(first, [(1, 86.0), (18, 79.0)])
    np.testing.assert_allclose(second, [(1, 90.0), (18, 74.0)])
    assert list(axes.get_xticks()) == [0, 1, 18]
    assert "examples in memory" in axes.get_xlabel()
    assert "K = 4, nats" in axes.get_ylabel()


@pytest.mark.parametrize("trained", [1, 8])
def test_one_model_stands_at_its_examples(trained):
    axes = all_characters({trained: CURVES[trained]}, None, None, 4).axes[0]
    (curve,) = drawn(axes).values()
    np.testing.assert_allclose(curve[:, 0], [1, 18])
    assert list(axes.get_xticks()) == [1, 18]
