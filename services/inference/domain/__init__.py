"""Pure rules of serving: model configuration, golden comparison, reconciliation."""
