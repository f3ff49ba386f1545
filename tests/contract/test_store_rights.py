"""Who may what in the stores is what the services own; that the stores keep it, see adapters."""

from charts.access import TARGET, render


def test_the_rights_are_those_of_what_the_services_own() -> None:
    assert TARGET.read_text() == render(), "run `python -m charts.access`"
