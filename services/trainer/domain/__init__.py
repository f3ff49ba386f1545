"""Pure rules of training: recipes, the detector, assignment, losses, the loop, retraining."""
