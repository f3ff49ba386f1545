"""Workspace: owns tenants, their keys, tokens and projects; keeps who changed what; tells webhooks.

Events in: audit.recorded, report.completed, model.deployed, test_run.completed, training.ended.
Events out: project.created, project.updated, project.deleted, tenant.limited.
"""
