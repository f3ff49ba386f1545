"""Semantic segmentation: a label for each pixel, from features that are kept, then end to end."""
