"""HTTP: tokens and projects."""
