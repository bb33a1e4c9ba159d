"""The bar's parts add up to -L_1, and marks stand at the bounds."""

from __future__ import annotations

import pytest

from tfvma.figures.kl_split import kl_split


def test_parts_are_stacked_and_marks_stand_at_their_values():
    axes = kl_split(-60.0, 16.0, 2.5, {4: 77.0, 1000: 73.0}).axes[0]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert spans == [(0.0, 60.0), (60.0, 76.0), (76.0, 78.5)]
    texts = {text.get_text() for text in axes.texts}
    assert texts == {"NLL, K = 4:  77.0", "NLL, K = 1,000:  73.0"}
    marks = [line.get_xdata()[0] for line in axes.lines]
    assert sorted(marks) == pytest.approx([0.0, 73.0, 77.0])


def test_without_an_address_there_are_two_parts():
    axes = kl_split(-60.0, 16.0, None, {4: 74.0}).axes[0]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert spans == [(0.0, 60.0), (60.0, 76.0)]
