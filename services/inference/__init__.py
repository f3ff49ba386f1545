"""Inference: owns deployments on Triton, predictions and test runs.

Events in: project.*, image.uploaded, image.deleted, annotation.saved, correction.saved,
training.succeeded, model.promoted, model.deployed.
Events out: model.deployed, model.deployment_failed, prediction.completed.
"""
