"""The settings of the stores reach the clients, and a wrong combination dies at start."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.events.kafka import KafkaEventLog
from shared.hosting.stores import Stores
from shared.settings import KafkaSecurity, StoreSettings

CLUSTER = {"LOUPE_STORES": "cluster", "LOUPE_S3_ACCESS_KEY": "a", "LOUPE_S3_SECRET_KEY": "b" * 16}
USER = {
    "LOUPE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "LOUPE_KAFKA_SASL_USERNAME": "loupe",
    "LOUPE_KAFKA_SASL_PASSWORD": "a-long-word",
}


def settings(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> StoreSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return StoreSettings()


def options(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> dict[str, Any]:
    events = Stores.of(settings(monkeypatch, CLUSTER | variables)).events
    assert isinstance(events, KafkaEventLog)
    return events.client_options


def test_a_broker_is_spoken_to_in_the_clear_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert options(monkeypatch, {"LOUPE_KAFKA_SERVERS": "k:9092"}) == {
        "bootstrap_servers": "k:9092",
        "security_protocol": "PLAINTEXT",
    }


def test_a_variable_that_is_empty_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = dict.fromkeys([*USER, "LOUPE_KAFKA_SECURITY_PROTOCOL", "LOUPE_KAFKA_CA_FILE"], "")
    found = settings(monkeypatch, CLUSTER | empty | {"LOUPE_S3_REGION": ""})
    assert found.kafka_security == KafkaSecurity()
    assert found.s3_region == "us-east-1"


def test_tls_and_the_user_reach_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    found = options(monkeypatch, USER | {"LOUPE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"})
    context = found.pop("ssl_context")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    del found["bootstrap_servers"]
    assert found == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "loupe",
        "sasl_plain_password": "a-long-word",
    }


WRONG = [
    ("a protocol that no broker has", {"LOUPE_KAFKA_SECURITY_PROTOCOL": "TLS"}, "PLAINTEXT"),
    ("SASL without a user", {"LOUPE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "needs a SASL"),
    (
        "SASL without a password",
        {**USER, "LOUPE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "LOUPE_KAFKA_SASL_PASSWORD": ""},
        "needs a SASL",
    ),
    ("a user that nobody would ask for", USER, "would leave out the SASL user"),
    (
        "a mechanism that we do not speak",
        {**USER, "LOUPE_KAFKA_SASL_MECHANISM": "GSSAPI"},
        "SCRAM-SHA-512",
    ),
    ("a CA file in the clear", {"LOUPE_KAFKA_CA_FILE": __file__}, "would not look at the CA"),
    (
        "a CA file that is not there",
        {"LOUPE_KAFKA_SECURITY_PROTOCOL": "SSL", "LOUPE_KAFKA_CA_FILE": "/no/such/ca.pem"},
        "is not there",
    ),
]


@pytest.mark.parametrize(("reason", "variables", "says"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_combination_dies_at_start(
    monkeypatch: pytest.MonkeyPatch, reason: str, variables: dict[str, str], says: str
) -> None:
    with pytest.raises(ValidationError) as died:
        settings(monkeypatch, CLUSTER | variables)
    assert says in str(died.value), reason
    assert "a-long-word" not in str(died.value), reason


def test_a_file_without_certificates_dies_at_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    variables = {
        "LOUPE_KAFKA_SECURITY_PROTOCOL": "SSL",
        "LOUPE_KAFKA_CA_FILE": str(tmp_path / "ca.pem"),
    }
    with pytest.raises(ssl.SSLError):
        options(monkeypatch, variables)
