"""One loss, one file: formula, paper, empty case."""
