"""Tiling: owns tile plans and cuts large images.

Events in: project.*, image.uploaded, image.deleted, annotation.saved.
Events out: image.tiled, image.tiling_failed.
"""
