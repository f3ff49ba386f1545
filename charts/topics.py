"""Writes the chart's list of topics from the catalogue of events: `python -m charts.topics`."""

from pathlib import Path

import yaml

from shared.contracts.catalogue import PARTITIONS, all_events
from shared.hosting.stores import with_dead_letters

TARGET = Path(__file__).parent / "loupe" / "files" / "topics.yaml"
HEAD = "# Written by `python -m charts.topics` from shared/contracts/catalogue.py; do not edit.\n"


def render() -> str:
    """Return the file's text: every topic with its partitions and the services that listen."""
    listeners: dict[str, set[str]] = {}
    for event in all_events():
        listeners.setdefault(event.topic, set()).update(event.consumers)
    topics = [
        {"name": name, "partitions": number, "consumers": sorted(listeners.get(name, ()))}
        for name, number in sorted(with_dead_letters(PARTITIONS).items())
    ]
    return HEAD + yaml.safe_dump({"topics": topics}, sort_keys=False)


if __name__ == "__main__":
    TARGET.write_text(render())
