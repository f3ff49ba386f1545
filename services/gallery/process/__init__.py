"""The guarded process that decodes files."""
