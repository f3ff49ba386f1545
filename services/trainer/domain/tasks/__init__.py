"""One folder a task: its network, targets, loss, views and plan; tasks never import one another."""
