"""Measurements of speed. They are not tests: their numbers belong to a machine."""
