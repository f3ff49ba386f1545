"""Annotation: labels, annotations and their history, imports and exports, snapshots, corrections.

Owns: annotations, labels, corrections, snapshots.
Events in: project.created, project.deleted, image.uploaded, image.deleted, training.requested,
prediction.completed, and its own annotation.saved, label.renamed and label.deleted.
Events out: annotation.saved, correction.saved, label.renamed, label.deleted, snapshot.frozen,
snapshot.refused.
"""
