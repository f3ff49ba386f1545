"""The settings of a test's broker, the same for a program and for a container."""

import secrets
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.settings import KafkaSecurity


@dataclass(frozen=True)
class Door:
    """How clients reach a broker: in the clear, unless settings and security say otherwise."""

    listener: str = "PLAINTEXT"
    protocol: str = "PLAINTEXT"
    settings: Mapping[str, str] = field(default_factory=dict)
    security: KafkaSecurity = field(default_factory=KafkaSecurity)

    @property
    def context(self) -> ssl.SSLContext | None:
        """What a client of TLS needs."""
        return self.security.options().get("ssl_context")


def locked_door(folder: Path) -> Door:
    """Return a door with a certificate and a password made now, for ``loupe`` and ``chief``.

    Who is let in may do everything until an ACL says less; ``chief`` makes them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, capture_output=True, check=True)
    password = secrets.token_urlsafe(24)
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    settings = {
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.secure.plain.sasl.jaas.config": (
            f'{login} user_loupe="{password}" user_chief="{password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
        "super.users": "User:chief;User:ANONYMOUS",  # the broker itself
        "ssl.keystore.type": "PEM",
        "ssl.keystore.key": _one_line(key),
        "ssl.keystore.certificate.chain": _one_line(certificate),
    }
    security = KafkaSecurity(
        "SASL_SSL", "PLAIN", username="loupe", password=password, ca_file=certificate
    )
    return Door("SECURE", "SASL_SSL", settings, security)


def broker_settings(
    door: Door, *, listen: str, address: str, inside: tuple[int, int]
) -> dict[str, str]:
    """Return the settings of a KRaft broker and controller in one process.

    Args:
        door: For clients.
        listen: Where clients are listened for.
        address: Where they reach it.
        inside: Ports of the controller and of the broker for itself.
    """
    controller, itself = (f"127.0.0.1:{port}" for port in inside)
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "INSIDE",
        "listeners": f"{door.listener}://{listen},INSIDE://{itself},CONTROLLER://{controller}",
        "advertised.listeners": f"{door.listener}://{address},INSIDE://{itself}",
        "listener.security.protocol.map": f"{door.listener}:{door.protocol},"
        "INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
        # One broker holds the only replica of everything.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "5",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # A test that joins a group should not wait 3 s for members that never come.
        "group.initial.rebalance.delay.ms": "0",
        # A topic that nobody made is a fault in the code under test.
        "auto.create.topics.enable": "false",
        **door.settings,
    }


def as_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings as the image's variables: `log.dirs` → `KAFKA_LOG_DIRS`."""
    return {f"KAFKA_{name.upper().replace('.', '_')}": text for name, text in settings.items()}


def _one_line(pem: Path) -> str:
    """Return a PEM file as a value of a properties file."""
    return pem.read_text().strip().replace("\n", "\\n")
