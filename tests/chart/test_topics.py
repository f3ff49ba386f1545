"""The chart's topics, which need no helm to be looked at."""

from charts.topics import TARGET, render


def test_the_file_of_topics_is_what_the_catalogue_says() -> None:
    assert TARGET.read_text() == render(), "run `python -m charts.topics`"
