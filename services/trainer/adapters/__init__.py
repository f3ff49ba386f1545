"""Clients of outside things: the cluster's Jobs."""
