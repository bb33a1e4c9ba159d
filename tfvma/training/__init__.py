"""Training a configuration, in a run that survives being stopped."""

from tfvma.training.load import load_trained, training_seconds
from tfvma.training.run import TrainingResult, train
from tfvma.training.strategies import make_strategy

__all__ = ["TrainingResult", "load_trained", "make_strategy", "train", "training_seconds"]
