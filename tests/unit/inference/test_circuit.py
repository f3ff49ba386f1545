"""An open circuit fails at once and lets one caller try now and then."""

import pytest

from services.inference.adapters.triton.session import Circuit
from services.inference.errors import TritonUnavailable


def test_closed_circuit_admits_everyone():
    circuit = Circuit()
    for _ in range(3):
        circuit.admit(0.0)


def test_open_circuit_admits_one_probe_a_period():
    circuit = Circuit(probe_every_s=1.0)
    circuit.admit(0.0)
    circuit.exhausted()
    with pytest.raises(TritonUnavailable):
        circuit.admit(0.5)
    circuit.admit(1.1)
    with pytest.raises(TritonUnavailable):
        circuit.admit(1.2)


def test_success_closes_it():
    circuit = Circuit()
    circuit.exhausted()
    circuit.succeeded()
    circuit.admit(0.1)
    circuit.admit(0.1)
