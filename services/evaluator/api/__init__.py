"""Routes of the evaluator, and what they answer."""
