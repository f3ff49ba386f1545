"""Annotation: owns labels, annotations and their history, corrections, imports, exports, snapshots.

Events in: project.*, image.uploaded, image.deleted, training.requested, prediction.completed,
model.deployed, second_opinion.completed, annotation.saved, label.renamed, label.deleted,
label.restored.
Events out: annotation.saved, annotation.reviewed, correction.saved, label.renamed, label.deleted,
label.restored, snapshot.frozen, snapshot.refused.
"""
