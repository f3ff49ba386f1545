"""Trainer: owns trainings, recipes, versions and the retraining policy.

Events in: project.*, image.uploaded, image.deleted, annotation.saved, correction.saved,
snapshot.frozen, snapshot.refused, training.succeeded, training.ended, report.completed,
report.failed, model.promoted, model.deployed, model.deployment_failed, tenant.limited.
Events out: training.requested, training.succeeded, training.ended, model.promoted.
"""
