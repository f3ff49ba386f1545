"""Seeded generator of industrial surfaces with exact annotations: the demo's default images."""
