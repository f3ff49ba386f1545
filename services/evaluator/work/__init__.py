"""Long work of the evaluator."""
