"""The suite's services; each is a package of its own, `standalone` runs them all in one process."""
