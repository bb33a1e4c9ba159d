"""Training a configuration, in a run that survives being stopped."""

from tfvma.training.load import load_trained, training_seconds
from tfvma.training.run import TrainingResult, train

__all__ = ["TrainingResult", "load_trained", "train", "training_seconds"]
