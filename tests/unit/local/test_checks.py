"""What the look before a start finds, and says."""

import socket

from local import checks
from local.checks import GIGABYTE
from local.places import PORTS, Places


def test_too_little_disk_is_said_with_the_way_out() -> None:
    finding = checks.disk(free=GIGABYTE)
    assert (finding.right, finding.needed) == (False, True)
    assert finding.what == "disk: 1.0 GB free"
    assert "2 GB are needed" in finding.advice


def test_too_little_memory_is_said_with_the_way_out() -> None:
    assert not checks.memory(available=GIGABYTE).right
    assert checks.memory(available=4 * GIGABYTE).right


def test_a_taken_port_is_named_with_its_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        finding = checks.port("site", other.getsockname()[1])
    assert not finding.right
    assert finding.what.endswith("(site) is taken")
    assert "OTKLIK_PORT_OFFSET" in finding.advice


def test_the_advice_names_ports_other_than_those_that_are_taken() -> None:
    assert [checks.another_offset(offset) for offset in (0, 1000, 56_000)] == [1000, 2000, 0]
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        offset = other.getsockname()[1] - PORTS["site"]
        (finding,) = checks.ports(Places(port_offset=offset), ["site"])
    assert f"OTKLIK_PORT_OFFSET={checks.another_offset(offset)} " in finding.advice


def test_parts_from_elsewhere_need_no_port() -> None:
    wanted = checks.wanted_ports({"DATABASE_URL": "postgresql://x", "KAFKA_BOOTSTRAP": ""})
    assert set(PORTS) - set(wanted) == {"postgres"}
    assert set(PORTS) - set(checks.wanted_ports({"KAFKA_BOOTSTRAP": "k:9092"})) == {"kafka", "kafka-controller", "kafka-frontends"}


def test_a_running_system_is_not_told_that_its_own_ports_are_taken() -> None:
    found = checks.all_findings(Places(), {}, running=True)
    assert not [finding for finding in found if finding.what.startswith("port")]
