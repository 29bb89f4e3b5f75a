"""How our own programs enter Kafka: by name and password under TLS in production, without on the loopback of one machine (R-15)."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from faststream.security import BaseSecurity, SASLScram512

MECHANISM = "SCRAM-SHA-512"


class Brokers(str):
    """Addresses host:port,… that know who enters there. A plain text of addresses is entered by nobody in particular."""

    user: str
    password: str
    ca_file: Path | None

    @classmethod
    def entered(cls, addresses: str, *, user: str | None, password: str | None, ca_file: Path | None) -> Self:
        """Without `ca_file` the connection is not encrypted: for tests and for networks that encrypt by themselves."""
        made = cls(addresses)
        made.user, made.password, made.ca_file = user or "", password or "", ca_file
        return made


def told(environ: Mapping[str, str]) -> Brokers:
    """What OTKLIK_KAFKA_* say to a command; services read the same from their settings."""
    ca_file = environ.get("OTKLIK_KAFKA_CA_FILE")
    return Brokers.entered(
        environ["OTKLIK_KAFKA_BOOTSTRAP"],
        user=environ.get("OTKLIK_KAFKA_USER"),
        password=environ.get("OTKLIK_KAFKA_PASSWORD"),
        ca_file=Path(ca_file) if ca_file else None,
    )


def reach(brokers: str) -> dict[str, Any]:
    """What a client of aiokafka is told to get there."""
    servers = {"bootstrap_servers": str(brokers)}
    if not isinstance(brokers, Brokers):
        return servers
    encrypted = {"ssl_context": _trusting(brokers.ca_file)} if brokers.ca_file else {}
    if not brokers.user:
        return servers | encrypted | {"security_protocol": "SSL" if encrypted else "PLAINTEXT"}
    return {
        **servers,
        **encrypted,
        "security_protocol": "SASL_SSL" if encrypted else "SASL_PLAINTEXT",
        "sasl_mechanism": MECHANISM,
        "sasl_plain_username": brokers.user,
        "sasl_plain_password": brokers.password,
    }


def security(brokers: str) -> BaseSecurity | None:
    """The same for a broker of FastStream."""
    if not isinstance(brokers, Brokers) or not (brokers.user or brokers.ca_file):
        return None
    context = _trusting(brokers.ca_file) if brokers.ca_file else None
    if not brokers.user:
        return BaseSecurity(ssl_context=context, use_ssl=True)
    return SASLScram512(brokers.user, brokers.password, ssl_context=context, use_ssl=context is not None)


def _trusting(ca_file: Path) -> ssl.SSLContext:
    """Only this authority's certificates, and the broker's name is checked."""
    return ssl.create_default_context(cafile=ca_file)
