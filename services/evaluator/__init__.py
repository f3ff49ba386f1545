"""Evaluator: owns reports on versions.

Events in: project.*, training.succeeded.
Events out: report.completed, report.failed.
"""
