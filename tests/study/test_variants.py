from __future__ import annotations

from tfvma import estimators
from tfvma.study.variants import VARIANTS, Variant


def test_every_estimator_is_compared():
    plain = [name for name, variant in VARIANTS.items() if variant == Variant(name)]
    assert tuple(plain) == estimators.NAMES
    assert VARIANTS.keys() - set(plain) == {"vimco_dreg"}
