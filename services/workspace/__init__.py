"""Workspace: owns tenants, their API keys, tokens and projects, and says what is stored.

Events in: none.
Events out: project.created, project.updated, project.deleted.
"""
