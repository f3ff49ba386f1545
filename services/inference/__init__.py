"""Inference: owns deployments on Triton, predictions, test runs, second opinions and exports.

Events in: project.*, image.uploaded, image.deleted, annotation.saved, correction.saved,
training.succeeded, model.promoted, model.deployed, tenant.limited.
Events out: model.deployed, model.deployment_failed, prediction.completed, test_run.completed,
second_opinion.completed.
"""
