"""What runs for long: test runs, deployments, the reconciliation of the model server."""
