"""Workspace: owns tenants, their API keys, tokens and projects, keeps who changed what.

Events in: audit.recorded.
Events out: project.created, project.updated, project.deleted, tenant.limited.
"""
