"""Boxes and masks: matched once, asked for every figure."""
