"""Workspace: owns tenants' API keys, tokens and projects.

Events in: none.
Events out: project.created, project.updated, project.deleted.
"""
