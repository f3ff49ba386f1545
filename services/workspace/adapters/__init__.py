"""Clients of outside things: the file of signing keys, and receivers of webhooks."""
