"""What holds between the processes of a cluster: who reaches whom, how many run, what people can open, in which order a release goes."""

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from frontends.site.main import Outside, build
from frontends.site.settings import SiteSettings
from libs.chassis.ops.clock import SystemClock
from libs.chassis.ops.settings import load_authority
from libs.chassis.ops.telemetry import Telemetry
from libs.events.topics import HISTORY, TOPICS, TRIALS
from libs.web import assets
from local import processes
from local.places import PORTS, ROOT
from services.history import consumers as history
from services.intake import consumers as intake
from services.notifier import consumers as notifier
from tests.architecture.kustomize import Manifest, containers, read, rendered
from tests.stack import AUTHORITY_FILE

KUBERNETES = ROOT / "deploy" / "kubernetes"
PRODUCTION = rendered(KUBERNETES / "overlays" / "production")
DEMO = rendered(KUBERNETES / "overlays" / "demo")
PROCESSES = [process.name for process in processes.TABLE]
COPIES_STATIC = {"intake": intake, "history": history}


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = (each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def selects(selector: Manifest, labels: Manifest) -> bool:
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(labels.get(rule["key"]) in rule["values"] for rule in selector.get("matchExpressions", ()))


def labels_of(manifests: list[Manifest], name: str) -> Manifest:
    (found,) = (each for each in manifests if each["metadata"]["name"] == name and containers(each))
    labels: Manifest = found["spec"]["template"]["metadata"]["labels"]
    return labels


def rules(manifests: list[Manifest], name: str, direction: str) -> list[Manifest]:
    """What the policies allow a pod, in (`ingress`) or out (`egress`)."""
    labels = labels_of(manifests, name)
    policies = [each["spec"] for each in manifests if each["kind"] == "NetworkPolicy"]
    assert any(direction.capitalize() in policy["policyTypes"] and policy["podSelector"] == {} for policy in policies), "closed by default"
    return [rule for policy in policies if selects(policy["podSelector"], labels) for rule in policy.get(direction, ())]


def pods_within(manifests: list[Manifest], name: str, direction: str) -> set[tuple[str, Any]]:
    """Pods of the same namespace and ports that the policies name."""
    names = {each["metadata"]["name"] for each in manifests if containers(each)}
    side = "to" if direction == "egress" else "from"
    return {
        (other, port["port"])
        for rule in rules(manifests, name, direction)
        for peer in rule[side]
        if "podSelector" in peer
        for other in names
        if selects(peer["podSelector"], labels_of(manifests, other))
        for port in rule["ports"]
    }


def roles_outside(name: str, direction: str) -> set[str]:
    """Other namespaces, by the role that their label gives them, and addresses outside the cluster."""
    side = "to" if direction == "egress" else "from"
    peers = [peer for rule in rules(PRODUCTION, name, direction) for peer in rule[side]]
    named = {value for peer in peers for value in peer.get("namespaceSelector", {}).get("matchLabels", {}).values()}
    return named | {peer["ipBlock"]["cidr"] for peer in peers if "ipBlock" in peer}


@pytest.mark.requirement("D-2", "D-29")
@pytest.mark.parametrize("name", PROCESSES)
def test_no_process_reaches_another_but_the_site_intake(name: str) -> None:
    reached = {other for other, _ in pods_within(PRODUCTION, name, "egress")}
    assert reached == {"collector", *({"intake"} if name == "site" else set())}
    came = {other for other, _ in pods_within(PRODUCTION, name, "ingress")}
    assert came == ({"site"} if name == "intake" else set())
    assert name != "site" or ("intake", PORTS["intake"]) in pods_within(PRODUCTION, "site", "egress")


@pytest.mark.requirement("D-29")
@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_speaks_to_the_stores_that_it_has_and_is_opened_to_whom_it_serves(name: str) -> None:
    names = {"kube-system", "169.254.20.10/32"}
    stores = set() if name == "site" else {"kafka", "postgres"}
    others = {"notifier": {"0.0.0.0/0"}, "intake": {"scanner", "objects"}, "history": {"objects"}}
    assert roles_outside(name, "egress") == names | stores | others.get(name, set())
    doors = {"ingress"} if name in {"site", "intake", "history"} else set()
    assert roles_outside(name, "ingress") == doors | {"monitoring"}


def test_letters_and_records_go_to_the_ports_that_the_policies_open() -> None:
    open_ports = {port["port"] for rule in rules(PRODUCTION, "notifier", "egress") for port in rule["ports"]}
    relay = one(PRODUCTION, "ConfigMap", "mail-settings")["data"]["OTKLIK_SMTP_PORT"]
    kafka = one(PRODUCTION, "ConfigMap", "service-settings")["data"]["OTKLIK_KAFKA_BOOTSTRAP"].rpartition(":")[2]
    assert {int(relay), int(kafka)} < open_ports
    assert ("mail", 2525) in pods_within(DEMO, "notifier", "egress")
    assert {("kafka", 9092), ("postgres", 5432)} <= pods_within(DEMO, "prepare", "egress")


@pytest.mark.requirement("D-27")
@pytest.mark.parametrize("name", COPIES_STATIC)
def test_who_is_a_static_member_of_its_group_runs_once_and_never_beside_itself(name: str) -> None:
    deployment = one(PRODUCTION, "Deployment", name)["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert "static_member=" in Path(str(COPIES_STATIC[name].__file__)).read_text("utf-8")


@pytest.mark.requirement("D-27")
def test_the_notifier_is_scaled_on_its_lag_and_its_queue_and_never_beyond_the_partitions() -> None:
    scaled = one(PRODUCTION, "ScaledObject", "notifier")["spec"]
    assert "replicas" not in one(PRODUCTION, "Deployment", "notifier")["spec"], "an apply would put the number back"
    heard = [topic for topic in TOPICS if "notifier" in topic.consumers]
    (alternative,) = read(KUBERNETES / "autoscaling/hpa/notifier.yaml")
    assert scaled["maxReplicaCount"] == alternative["spec"]["maxReplicas"] == min(topic.partitions for topic in heard)
    assert scaled["minReplicaCount"] == alternative["spec"]["minReplicas"] == 2
    lag, age = scaled["triggers"]
    assert lag["metadata"]["consumerGroup"] == notifier.GROUP
    assert lag["metadata"]["bootstrapServers"] == one(PRODUCTION, "ConfigMap", "service-settings")["data"]["OTKLIK_KAFKA_BOOTSTRAP"]
    (figure,) = {part for part in age["metadata"]["query"].replace("(", " ").replace(")", " ").split() if part.startswith("otklik_")}
    assert f'"{figure}"' in (ROOT / "services/notifier/figures.py").read_text("utf-8")


@pytest.mark.requirement("D-27")
@pytest.mark.parametrize("name", PROCESSES)
def test_a_node_can_be_emptied_and_never_takes_two_copies_at_once(name: str) -> None:
    budget = one(PRODUCTION, "PodDisruptionBudget", name)["spec"]
    assert budget["maxUnavailable"] == 1
    assert selects(budget["selector"], labels_of(PRODUCTION, name))


def site_routes() -> set[str]:
    settings = SiteSettings.model_validate(
        {
            "authority_file": AUTHORITY_FILE,
            "http_port": 0,
            "frontend_key": "k" * 20,
            "site_url": "https://otklik.example.org",
            "intake_url": "http://intake:8081",
        }
    )
    outside = Outside(http=httpx.AsyncClient(), assets=assets.load(), clock=SystemClock(), telemetry=Telemetry())
    app = build(settings, load_authority(AUTHORITY_FILE), outside)
    found = {context.path for context in iter_route_contexts(app.routes)}
    return {path for path in found if path}


def shown(host: str, path: str) -> str | None:
    """The service that the Ingress hands a path to."""
    ingress = one(PRODUCTION, "Ingress", "otklik")["spec"]
    (rule,) = (rule for rule in ingress["rules"] if rule["host"] == host)
    for entry in rule["http"]["paths"]:
        below = entry["pathType"] == "Prefix" and f"{path}/".startswith(f"{entry['path'].rstrip('/')}/")
        if path == entry["path"] or below:
            return str(entry["backend"]["service"]["name"])
    return None


def test_people_can_open_every_page_of_the_site_and_nothing_that_is_for_operators() -> None:
    host = one(PRODUCTION, "ConfigMap", "public-address")["data"]["OTKLIK_SITE_URL"].removeprefix("https://")
    operators = {path for path in site_routes() if path.startswith(("/health", "/metrics"))}
    assert len(operators) == 4
    assert {path: shown(host, path) for path in site_routes()} == {path: None if path in operators else "site" for path in site_routes()}
    assert shown(f"door.{host}", "/v1/messages") == "intake"
    assert shown(f"door.{host}", "/metrics") is None


def test_prometheus_asks_every_process_under_the_name_that_the_alarms_know() -> None:
    monitor = one(PRODUCTION, "PodMonitor", "otklik")["spec"]
    for name in PROCESSES:
        labels = labels_of(PRODUCTION, name)
        assert selects(monitor["selector"], labels)
        assert labels[monitor["jobLabel"]] == "otklik"
        assert labels["app.kubernetes.io/name"] == name
    [asked] = monitor["podMetricsEndpoints"]
    assert asked["relabelings"] == [{"sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_name"], "targetLabel": "process"}]


ORDER = ("history", "notifier", "intake", "site")
KUBECTL = """#!/bin/sh
echo "$*" >> "$CALLS"
"""


ANSWERS = (HISTORY, TRIALS)  # of two who hear each other one is first; nobody answers what the other did not ask for yet


@pytest.mark.requirement("R-11")
def test_a_release_prepares_first_and_starts_who_hears_before_who_publishes(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL, "utf-8")
    kubectl.chmod(0o755)
    calls = tmp_path / "calls"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)}
    subprocess.run([KUBERNETES / "release.sh", "overlay", "otklik"], check=True, env=environment)
    said = calls.read_text("utf-8").splitlines()
    rolled = [line.rpartition("deployment/")[2] for line in said if "rollout status" in line]
    assert rolled == list(ORDER)
    assert next(i for i, line in enumerate(said) if "wait" in line and "job/prepare" in line) < said.index(
        next(line for line in said if "rollout" in line)
    )
    assert sorted(ORDER) == sorted(PROCESSES)
    for topic in TOPICS:
        for producer in set(topic.producers) & set(ORDER):
            late = {hearer for hearer in set(topic.consumers) & set(ORDER) if ORDER.index(hearer) > ORDER.index(producer)}
            assert topic in ANSWERS or late <= {producer}, f"{topic.name}: {late} would hear {producer}'s newer events too early"


def test_a_release_applies_every_manifest_of_the_overlay() -> None:
    """By label, in the steps of release.sh: what is ground, the Job, each process, and what is left."""
    for manifest in PRODUCTION:
        labels = manifest["metadata"].get("labels", {})
        ground = labels.get("app.kubernetes.io/component") == "ground"
        prepare = labels.get("app.kubernetes.io/name") == "prepare"
        assert labels.get("app.kubernetes.io/part-of") == "otklik", manifest["metadata"]
        assert not (ground and prepare)
        assert (manifest["kind"] in {"Namespace", "ConfigMap", "NetworkPolicy"}) == ground or manifest["metadata"]["name"] == "dashboard"
