"""Figures of any task: columns, counts and how far they can be trusted."""
