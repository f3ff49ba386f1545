"""Pure rules of the workspace."""
