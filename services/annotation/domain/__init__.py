"""Pure rules of annotation: no I/O."""
