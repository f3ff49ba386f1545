"""Whatever Triton serves, the changes turn it into what is desired."""

from hypothesis import given
from hypothesis import strategies as st

from services.inference.domain.reconciliation import plan_changes

names = st.sampled_from(["a", "b", "c", "d"])
numbers = st.integers(1, 3)


@given(st.dictionaries(names, numbers), st.frozensets(st.tuples(names, numbers)))
def test_applying_the_changes_leaves_nothing_to_change(desired, ready):
    changes = plan_changes(desired, ready)
    kept = {key for key in ready if key[0] not in {*changes.unload, *changes.load}}
    after = frozenset(kept | {(name, desired[name]) for name in changes.load})
    assert {name for name, _ in after} == set(desired)
    assert not plan_changes(desired, after)


def test_an_empty_server_gets_everything():
    assert plan_changes({"b": 1, "a": 2}, frozenset()).load == ("a", "b")


def test_a_model_under_another_number_is_loaded_and_not_unloaded():
    changes = plan_changes({"a": 2}, frozenset({("a", 1)}))
    assert (changes.load, changes.unload) == (("a",), ())
