"""Documents: tenant-scoped, typed collections with versions and an outbox inside every document."""
