"""What the evaluator answers. Rates are in [0, 1], null where nothing defines them."""
