"""Programs to begin from: run one with `python -m loupe_sdk.examples.NAME`, or copy its text."""
