"""How good the gradients of an estimator are, and how far q(a | x) is from p(a | x)."""

from tfvma.diagnostics.diagnostics import Diagnostics, diagnostic_columns
from tfvma.diagnostics.gradient_moments import GradientMoments

__all__ = ["Diagnostics", "GradientMoments", "diagnostic_columns"]
