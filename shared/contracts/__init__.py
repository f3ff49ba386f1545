"""What services promise one another: the envelope, the catalogue of events, shapes, snapshots, predictions."""
