"""What services promise one another: events, shapes, snapshots and predictions."""
