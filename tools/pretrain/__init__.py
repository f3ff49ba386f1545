"""Trains the detector's start on generated scenes: `python -m tools.pretrain.train`."""
