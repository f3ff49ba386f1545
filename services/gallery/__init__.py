"""Gallery: owns images and their status.

Events in: project.*, image.tiled, image.tiling_failed, annotation.saved, annotation.reviewed,
  prediction.completed, tenant.limited.
Events out: image.uploaded, image.deleted.
"""
