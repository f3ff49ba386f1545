"""Routes of inference: predictions, test runs, deployments."""
