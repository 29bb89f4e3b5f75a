"""docker-compose.yml says the same as the code and as `make up`: settings, ports, health checks, Kafka's settings, metrics."""

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.chassis.ops import metrics, stop
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.disk import Disks
from libs.chassis.ops.metrics import Metrics
from libs.chassis.ops.settings import ProcessSettings
from libs.chassis.process import CLOSE_SECONDS
from local import containers, installation, jars, java, kafka, keys, postgres, processes
from local.places import PORTS, ROOT, Places
from local.processes import Process, Surroundings
from services.history.heads import HeadFigures
from services.intake.copies import CopyFigures
from services.notifier.figures import Figures
from services.notifier.settings import NotifierSettings

pytestmark = pytest.mark.requirement("D-11")

COMPOSE_GO = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"
COMPOSE = ROOT / "docker-compose.yml"
NOT_TOLD_LOCALLY = {"PROCESS", "OTKLIK_OTLP_ENDPOINT"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets volume as the container `secrets` fills it."""
    made = tmp_path_factory.mktemp("volume")
    containers.write(made)
    return made


def told_locally(process: Process, state: Path) -> dict[str, str]:
    places = Places(state)
    secrets = keys.ensure(places, processes.services(), processes.frontends())
    dsn = "postgresql://postgres@127.0.0.1:5532/otklik"
    return processes.environment(process, Surroundings(places, secrets, dsn, "127.0.0.1:9192", demo=True))


def program_of_compose_go(folder: Path) -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is missing: on Debian, apt-get install golang")
    subprocess.run([go, "install", COMPOSE_GO], check=True, env={**os.environ, "GOBIN": str(folder)}, capture_output=True, timeout=300)
    return folder / "cmd"


def test_compose_go_accepts_the_file_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    program = program_of_compose_go(tmp_path)
    accepted = subprocess.run([program, COMPOSE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert accepted.returncode == 0, accepted.stderr
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(COMPOSE.read_text("utf-8").replace("healthcheck:", "healthchek:", 1), "utf-8")
    assert subprocess.run([program, wrong], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("process", processes.TABLE, ids=lambda process: process.name)
def test_a_container_is_told_the_same_variables_as_the_process_of_make_up(
    compose: dict[str, Any], volume: Path, tmp_path: Path, process: Process
) -> None:
    stands = compose["services"][process.name]["environment"]
    secret = keys.read(volume / process.name / "secrets.env")
    assert {*stands, *secret} - NOT_TOLD_LOCALLY == set(told_locally(process, tmp_path))
    assert stands["PROCESS"] == process.module


@pytest.mark.parametrize("name", [*(process.name for process in processes.TABLE), "mail"])
def test_a_container_listens_and_is_asked_on_the_port_of_make_up(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    port = PORTS[name]
    assert service["environment"]["OTKLIK_HTTP_PORT"] == port
    assert f"127.0.0.1:{port}:{port}" in service["ports"]
    assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "local.healthy", str(port)]


def test_nothing_is_open_to_other_machines(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)
    kafka_ports = (PORTS["kafka"], PORTS["kafka-frontends"])
    assert {f"127.0.0.1:{PORTS['postgres']}:5432", *(f"127.0.0.1:{port}:{port}" for port in kafka_ports)} < set(published)


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    told = {name for service in compose["services"].values() for name in service.get("environment", {})}
    assert not told & (containers.SECRET | containers.FOR_PREPARE)
    assert "postgresql://" not in COMPOSE.read_text("utf-8")


def test_a_service_sees_no_secret_of_another_one(compose: dict[str, Any], volume: Path) -> None:
    for process in processes.TABLE:
        mounted = [each for each in compose["services"][process.name]["volumes"] if each["source"] == "secrets"]
        assert [each["volume"]["subpath"] for each in mounted] == [process.name]
    kept = [keys.read(volume / process.name / "secrets.env").get("OTKLIK_MASTER_KEY") for process in processes.TABLE if process.is_service]
    assert len(set(kept)) == len(kept)


def test_secrets_of_the_containers_are_made_once(volume: Path) -> None:
    before = {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()}
    containers.write(volume)
    assert {path: path.read_bytes() for path in volume.rglob("*") if path.is_file()} == before


def test_a_frontend_that_was_added_stays_when_the_containers_start_again(volume: Path) -> None:
    shared = volume / "intake" / "frontend-keys.json"
    before = shared.read_text("utf-8")
    known = json.loads(before)
    shared.write_text(json.dumps({**known, "vk": ["0" * 64]}), "utf-8")
    containers.write(volume)
    assert json.loads(shared.read_text("utf-8")) == {**known, "vk": ["0" * 64]}
    shared.write_text(before, "utf-8")


@pytest.mark.requirement("E-18")
def test_the_containers_are_a_demonstration_and_say_so_everywhere(compose: dict[str, Any], volume: Path) -> None:
    state = Path(compose["services"]["secrets"]["environment"]["OTKLIK_STATE"])
    assert installation.is_demo(Places(volume / state.relative_to(containers.VOLUME)))
    assert compose["services"]["site"]["environment"]["OTKLIK_DEMO"] == "true"


def test_every_container_has_the_time_to_stop_that_the_code_takes(compose: dict[str, Any]) -> None:
    def seconds(name: str) -> float:
        return float(compose["services"][name]["stop_grace_period"].removesuffix("s"))

    needed = ProcessSettings.model_fields["stop_seconds"].default + stop.CANCEL_SECONDS + CLOSE_SECONDS
    assert all(seconds(process.name) > needed for process in processes.TABLE)
    assert seconds("mail") >= processes.mail_catcher(1, 2).stop_seconds
    assert seconds("postgres") >= postgres.Postgres(Path(), 1, "").program().stop_seconds
    assert seconds("kafka") >= kafka.Kafka(Path(), 1, 2, 3, java.Java(Path(), "25")).program().stop_seconds


def test_before_the_processes_start_the_database_and_the_topics_are_prepared(compose: dict[str, Any]) -> None:
    assert compose["services"]["prepare"]["command"] == ["sh", "-c", "otklik database prepare && otklik topics apply"]
    assert " > /usr/local/bin/otklik && chmod 755 " in re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))


def test_kafka_is_set_up_as_by_make_up(compose: dict[str, Any]) -> None:
    """All but addresses, which are another matter in a network of containers."""
    elsewhere = {"log.dirs", "listener.security.protocol.map"}  # containers have one more listener, for programs of this machine
    lines = [line.partition("=") for line in kafka.TEMPLATE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    local = {name: value for name, _, value in lines if "127.0.0.1" not in value and name not in elsewhere}
    stands = compose["services"]["kafka"]["environment"]
    contained = {name.removeprefix("KAFKA_").lower().replace("___", "-").replace("_", "."): str(value) for name, value in stands.items()}
    assert {name: contained.get(name) for name in local} == local
    assert stands["CLUSTER_ID"] == kafka.CLUSTER_ID
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{jars.KAFKA_VERSION}"


def test_postgres_is_set_up_as_by_make_up(compose: dict[str, Any]) -> None:
    service = compose["services"]["postgres"]
    assert service["environment"]["POSTGRES_INITDB_ARGS"].split() == list(postgres.LOCALE)
    assert service["environment"]["POSTGRES_DB"] == postgres.DATABASE
    asked = dict(part.split("=", 1) for part in service["command"] if "=" in part)
    assert asked.items() <= postgres.SETTINGS.items()


def test_everything_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["prepare"]["depends_on"] == {"postgres": {"condition": "service_healthy"}, "kafka": {"condition": "service_healthy"}}
    for process in processes.TABLE:
        waits = services[process.name]["depends_on"]
        assert waits == (
            {"prepare": {"condition": "service_completed_successfully"}}
            if process.is_service
            else {"intake": {"condition": "service_healthy"}}
        )


def test_prometheus_asks_every_process() -> None:
    asked = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text("utf-8"))["scrape_configs"][0]["static_configs"]
    assert asked == [
        {"targets": [f"{process.name}:{PORTS[process.name]}"], "labels": {"process": process.name}} for process in processes.TABLE
    ]


def test_a_process_that_prometheus_does_not_even_find_raises_an_alarm() -> None:
    absent = re.findall(r'absent\(up{job="otklik", process="(\w+)"}\)', alerts()["ProcessDown"]["expr"])
    assert absent == [process.name for process in processes.TABLE]


def test_the_collector_listens_where_the_processes_send(compose: dict[str, Any]) -> None:
    receivers = yaml.safe_load((ROOT / "deploy/collector/config.yaml").read_text("utf-8"))["receivers"]
    port = receivers["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert compose["services"]["intake"]["environment"]["OTKLIK_OTLP_ENDPOINT"] == f"http://collector:{port}"


def test_every_figure_of_the_dashboard_is_measured() -> None:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/otklik.json").read_text("utf-8"))
    source = (ROOT / "libs/chassis/ops/metrics.py").read_text("utf-8")
    asked = {name for panel in dashboard["panels"] for target in panel["targets"] for name in re.findall(r"otklik_\w+", target["expr"])}
    measured = set(re.findall(r'"(otklik_\w+)"', source))
    assert asked
    assert {name.removesuffix("_total") for name in asked} <= measured


def alerts() -> dict[str, Any]:
    asked = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text("utf-8"))
    return {rule["alert"]: rule for group in asked["groups"] for rule in group["rules"]}


def labels_of_others(expression: str) -> set[str]:
    """Labels that Kubernetes and the node exporter give their own figures."""
    return {
        label
        for figure, label in {"kubelet_volume": "persistentvolumeclaim", "node_filesystem": "mountpoint"}.items()
        if figure in expression
    }


@pytest.mark.requirement("R-7", "R-11")
def test_every_alarm_watches_a_figure_that_is_measured_by_labels_that_it_has() -> None:
    registry = metrics.registry()
    told = Metrics(registry, SystemClock())
    told.lag("intake-1", "t", 0, 1)
    told.progress("intake-1")
    told.dead_letter("intake-1", "newer-version")
    told.parked_keys("outbox", 1)
    told.outbox(pending=1, oldest=None)
    told.timers({"gap": datetime(2026, 11, 22, tzinfo=UTC)})
    HeadFigures(registry)
    CopyFigures(registry)
    notices = Figures(registry, lambda: 0.0)
    notices.breaker("email", is_open=True)
    notices.queue([("email", 1, 1.0)])
    registry.register(metrics.HaltedLoops({"consumers": "offset-gone"}))
    registry.register(Disks([ROOT]))
    labels = {sample.name: set(sample.labels) for family in registry.collect() for sample in family.samples}
    labels["up"] = {"job", "instance", "process"}
    for name, rule in alerts().items():
        watched = set(re.findall(r"\b(otklik_\w+|up)\b(?!\")", rule["expr"]))
        assert watched, name
        assert watched <= labels.keys(), name
        by = set(re.findall(r"(?:otklik_\w+|up){(\w+)(?:!=|=)\"", rule["expr"])) | set(re.findall(r"(?:by|on) \((\w+)\)", rule["expr"]))
        assert all(by <= labels[figure] for figure in watched), name
        shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        shown -= {"instance", "process"} | labels_of_others(rule["expr"])
        assert all(shown <= labels[figure] for figure in watched), name


@pytest.mark.requirement("R-7", "R-11", "R-12", "D-18", "D-29")
def test_what_somebody_must_look_at_raises_an_alarm(compose: dict[str, Any]) -> None:
    watched = {name for rule in alerts().values() for name in re.findall(r"otklik_\w+", rule["expr"])}
    assert watched == {
        *("otklik_dead_letters_total", "otklik_parked_keys", "otklik_outbox_oldest_age_seconds"),
        "otklik_dead_letters_oldest_age_seconds",
        *("otklik_consumer_lag_records", "otklik_consumer_last_progress_timestamp_seconds", "otklik_halted_loops"),
        *("otklik_history_gaps", "otklik_timers_overdue_age_seconds", "otklik_disk_free_bytes", "otklik_disk_size_bytes"),
        *("otklik_history_head_signed_timestamp_seconds", "otklik_history_heads_denied"),
        *("otklik_channel_breaker_open", "otklik_notices_oldest_due_age_seconds", "otklik_attachments_not_kept"),
    }
    assert 'reason="newer-version"' in alerts()["NewerVersion"]["expr"]
    hours = NotifierSettings.model_fields["notice_give_up_hours"].default
    assert all(f" {hours:g} hours " in alerts()[name]["annotations"]["do"] for name in ("MailDown", "NoticesOld"))
    loaded = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text("utf-8"))["rule_files"]
    mounted = [volume for volume in compose["services"]["prometheus"]["volumes"] if volume.startswith("./deploy/prometheus/alerts.yaml:")]
    assert [f"./deploy/prometheus/alerts.yaml:/etc/prometheus/{name}:ro" for name in loaded] == mounted


def test_the_image_holds_every_part_that_runs() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE))
    assert copied == {"libs", "services", "frontends", "cli", "local"}
    allowed = set((ROOT / ".dockerignore").read_text("utf-8").split()) - {"*", "**/__pycache__"}
    assert allowed == {f"!{name}" for name in (*copied, "package.json", "package-lock.json", "requirements.lock")}
