"""Use cases of the workspace."""
