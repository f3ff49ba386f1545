"""Serving: publishes promoted versions to Triton and answers predictions through it.

Owns: deployments, predictions, test runs.
Events in: ``project.*``, ``image.*``, ``model.promoted``.
Events out: ``model.deployed``, ``deployment.failed``, ``prediction.completed``.
"""
