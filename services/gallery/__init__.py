"""Gallery: owns images and their status.

Events in: project.created/updated/deleted, image.tiled, image.tiling_failed, annotation.saved,
prediction.completed. Events out: image.uploaded, image.deleted.
"""
