"""Use cases of the evaluator."""
