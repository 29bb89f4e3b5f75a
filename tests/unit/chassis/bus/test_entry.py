"""How our own programs enter Kafka: what the settings say reaches every client, and nothing is sent in clear by mistake (R-15)."""

import re
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from faststream.security import BaseSecurity, SASLScram512

from libs.chassis.bus.entry import Brokers, reach, security, told
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import ServiceSettings
from libs.chassis.process import brokers_of
from tests.running import settings_of
from tests.stack import AUTHORITY_FILE, ROOT

pytestmark = pytest.mark.requirement("R-15")
PLACE = "kafka-0:9093,kafka-1:9093"


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    """A certificate of an authority of this test's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = SystemClock().now()
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    path = tmp_path / "ca.crt"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return path


def entered(ca_file: Path | None, user: str | None = "intake") -> Brokers:
    return Brokers.entered(PLACE, user=user, password="secret" if user else None, ca_file=ca_file)


def test_in_production_a_client_says_its_name_under_tls_and_believes_one_authority_alone(ca_file: Path) -> None:
    said = reach(entered(ca_file))
    context = said.pop("ssl_context")
    assert said == {
        "bootstrap_servers": PLACE,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "intake",
        "sasl_plain_password": "secret",
    }
    assert [dict(part[0] for part in one["subject"]) for one in context.get_ca_certs()] == [{"commonName": "tests"}]
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_subscribers_broker_is_told_the_same(ca_file: Path) -> None:
    said = security(entered(ca_file))
    assert isinstance(said, SASLScram512)
    assert (said.username, said.password, said.use_ssl) == ("intake", "secret", True)


def test_a_name_that_was_forgotten_does_not_open_a_connection_in_clear(ca_file: Path) -> None:
    nameless = entered(ca_file, user=None)
    assert reach(nameless)["security_protocol"] == "SSL"
    said = security(nameless)
    assert isinstance(said, BaseSecurity)
    assert said.use_ssl


def test_on_one_machine_nothing_is_asked() -> None:
    assert reach("127.0.0.1:9192") == {"bootstrap_servers": "127.0.0.1:9192"}
    assert security("127.0.0.1:9192") is None
    assert security(entered(None, user=None)) is None
    assert reach(entered(None))["security_protocol"] == "SASL_PLAINTEXT"


def test_whoever_of_ours_makes_a_client_of_kafka_enters_by_name() -> None:
    bare = re.compile(r"bootstrap_servers\s*=")
    sources = [path for folder in ("libs", "services", "cli") for path in (ROOT / folder).rglob("*.py")]
    assert [path.name for path in sources if bare.search(path.read_text("utf-8"))] == []


def test_a_command_and_a_service_read_the_same_variables(ca_file: Path) -> None:
    variables = {
        "OTKLIK_KAFKA_BOOTSTRAP": PLACE,
        "OTKLIK_KAFKA_USER": "intake",
        "OTKLIK_KAFKA_PASSWORD": "secret",
        "OTKLIK_KAFKA_CA_FILE": str(ca_file),
    }
    key = "A" * 43 + "="
    others = {"OTKLIK_POSTGRES_DSN": "postgresql://x", "OTKLIK_MASTER_KEY": key, "OTKLIK_STAFF_PUBLIC_KEY": key, "OTKLIK_HTTP_PORT": "0"}
    settings = settings_of(ServiceSettings, variables | others | {"OTKLIK_AUTHORITY_FILE": str(AUTHORITY_FILE)})
    for brokers in (told(variables), brokers_of(settings)):
        assert (brokers, brokers.user, brokers.password, brokers.ca_file) == (PLACE, "intake", "secret", ca_file)
