"""Whole images under one label."""
