"""The manifests of deploy/kubernetes are what Kubernetes takes and what the code says: settings, ports, probes, time to stop, secrets."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic_settings import BaseSettings

from cli import kubernetes
from cli.deployment import ADMINISTRATOR
from frontends.site.settings import SiteSettings
from libs.chassis.ops import stop
from libs.chassis.ops.settings import ProcessSettings, load_authority
from libs.chassis.process import CLOSE_SECONDS
from local import keys, processes
from local.places import PORTS, ROOT, Places
from local.processes import Process, Surroundings
from services.history.settings import HistorySettings
from services.intake.settings import IntakeSettings
from services.notifier.settings import NotifierSettings
from tests.architecture.kustomize import KEYS, Manifest, containers, read, rendered
from tests.running import settings_of

pytestmark = pytest.mark.requirement("D-27")

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("demo", "production")
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
VERSION = "1.34"
CUSTOM = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1", "kafka.strimzi.io/v1"}  # the operators' own: deploy/kubernetes names the versions
SETTINGS: dict[str, type[ProcessSettings]] = {
    "intake": IntakeSettings,
    "history": HistorySettings,
    "notifier": NotifierSettings,
    "site": SiteSettings,
}
# Of the relay and of the buckets, whose owners give them.
LOGINS = {
    *("OTKLIK_SMTP_USER", "OTKLIK_SMTP_PASSWORD"),
    *(f"OTKLIK_{place}_{key}_KEY" for place in ("OBJECTS", "HAND_OVER") for key in ("ACCESS", "SECRET")),
}


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> list[Manifest]:
    return rendered(KUBERNETES / "overlays" / request.param)


@pytest.fixture(scope="module")
def production() -> list[Manifest]:
    return rendered(KUBERNETES / "overlays" / "production")


@pytest.fixture(scope="module")
def demo() -> list[Manifest]:
    return rendered(KUBERNETES / "overlays" / "demo")


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = (each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def pods(manifests: list[Manifest]) -> list[Manifest]:
    return [each for each in manifests if containers(each)]


def pod(manifests: list[Manifest], name: str, kind: str = "Deployment") -> Manifest:
    found: Manifest = one(manifests, kind, name)["spec"]["template"]["spec"]
    return found


def secrets(*, with_kafka: bool) -> kubernetes.Secrets:
    made = {name: make() for name, make in keys.wanted(processes.services(), processes.frontends()).items()}
    made[keys.STAFF_PUBLIC_KEY] = keys.public_key(made[keys.STAFF_PRIVATE_KEY])
    users = dict.fromkeys((ADMINISTRATOR, *processes.services()), "password") if with_kafka else {}
    return kubernetes.of_installation(made, "postgresql://admin@host/otklik", users)


def told(manifests: list[Manifest], container: Manifest, secret: kubernetes.Secrets) -> dict[str, str]:
    """The variables of a container, with what its ConfigMaps and Secrets hold."""
    variables: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        variables |= one(manifests, "ConfigMap", source["configMapRef"]["name"])["data"]
    for entry in container["env"]:
        if "value" in entry:
            variables[entry["name"]] = entry["value"]
            continue
        reference = entry["valueFrom"]["secretKeyRef"]
        value = secret[reference["name"]].get(reference["key"])
        assert value is not None or reference.get("optional"), f"no Secret has {reference}"
        variables |= {entry["name"]: value} if value is not None else {}
    return variables


def of_process(manifests: list[Manifest], name: str, *, with_kafka: bool = True) -> dict[str, str]:
    return told(manifests, pod(manifests, name)["containers"][0], secrets(with_kafka=with_kafka))


def test_kubernetes_takes_every_manifest(overlay: list[Manifest]) -> None:
    ours = [each for each in overlay if each["apiVersion"] not in CUSTOM]
    for manifest in ours:
        kubernetes_validate.validate(manifest, VERSION, strict=True)
    assert len(ours) > 40


def test_a_manifest_with_a_misspelt_field_is_refused(demo: list[Manifest]) -> None:
    wrong = yaml.safe_load(yaml.safe_dump(one(demo, "Deployment", "intake")).replace("readinessProbe", "readynessProbe"))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def build(folder: Path) -> Callable[[Path], list[str]]:
    """How overlays are rendered on this machine by the program itself."""
    if kubectl := shutil.which("kubectl"):
        return lambda overlay: [kubectl, "kustomize", str(overlay)]
    go = shutil.which("go")
    if go is None:
        pytest.skip("neither kubectl nor Go is here: overlays are checked by our own reading of kustomize alone")
    subprocess.run([go, "install", KUSTOMIZE], check=True, env={**os.environ, "GOBIN": str(folder)}, capture_output=True, timeout=300)
    return lambda overlay: [str(folder / "kustomize"), "build", str(overlay)]


def in_order(node: Any, name: str = "") -> Any:
    """Lists whose order says nothing, in one order."""
    if isinstance(node, dict):
        return {key: in_order(value, key) for key, value in node.items()}
    if isinstance(node, list):
        key = KEYS.get(name, "")
        inner = [in_order(each) for each in node]
        return sorted(inner, key=lambda each: str(each[key])) if inner and isinstance(inner[0], dict) and key in inner[0] else inner
    return node


def test_kustomize_renders_what_these_tests_read(tmp_path: Path) -> None:
    command = build(tmp_path)
    for name in OVERLAYS:
        folder = KUBERNETES / "overlays" / name
        printed = subprocess.run(command(folder), check=True, capture_output=True, text=True).stdout
        theirs = {(each["kind"], each["metadata"]["name"]): in_order(each) for each in yaml.safe_load_all(printed)}
        assert {(each["kind"], each["metadata"]["name"]): in_order(each) for each in rendered(folder)} == theirs


@pytest.mark.parametrize("name", SETTINGS)
def test_a_process_gets_settings_that_it_can_start_with_and_none_that_it_does_not_know(overlay: list[Manifest], name: str) -> None:
    variables = of_process(overlay, name)
    kind = SETTINGS[name]
    assert {variable for variable in variables if variable.startswith("OTKLIK_")} <= {kind.variable(field) for field in kind.model_fields}
    read_by = settings_of_process(kind, variables)
    assert read_by is not None


def settings_of_process(kind: type[BaseSettings], variables: dict[str, str]) -> BaseSettings:
    """An empty variable counts as absent, as in a process."""
    return settings_of(kind, {name: value for name, value in variables.items() if value})  # type: ignore[type-var]


@pytest.mark.parametrize("process", processes.TABLE, ids=lambda process: process.name)
def test_a_pod_is_told_what_the_process_of_make_up_and_of_compose_is(production: list[Manifest], process: Process, tmp_path: Path) -> None:
    around = Surroundings(Places(tmp_path), dict.fromkeys(all_secrets(), ""), "postgresql://x@y/z", "127.0.0.1:9192", demo=True)
    variables = of_process(production, process.name)
    assert processes.environment(process, around).keys() <= variables.keys()
    assert variables["PROCESS"] == process.module


def all_secrets() -> list[str]:
    return [*keys.wanted(processes.services(), processes.frontends()), keys.STAFF_PUBLIC_KEY]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_process_listens_is_called_and_is_asked_on_its_port(overlay: list[Manifest], name: str) -> None:
    container = pod(overlay, name)["containers"][0]
    assert container["ports"] == [{"name": "http", "containerPort": PORTS[name]}]
    assert of_process(overlay, name)["OTKLIK_HTTP_PORT"] == str(PORTS[name])
    assert one(overlay, "Service", name)["spec"]["ports"] == [{"name": "http", "port": PORTS[name], "targetPort": "http"}]
    assert of_process(overlay, "site")["OTKLIK_INTAKE_URL"] == f"http://intake:{PORTS['intake']}"
    probes = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert {probe["port"] for probe in probes.values()} == {"http"}
    assert [probe["path"] for probe in probes.values()] == ["/health/live", "/health/live", "/health/ready/http"]


@pytest.mark.requirement("D-28")
@pytest.mark.parametrize("name", SETTINGS)
def test_a_pod_has_the_time_to_stop_that_the_code_takes(overlay: list[Manifest], name: str) -> None:
    spec = pod(overlay, name)
    before = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    needed = ProcessSettings.model_fields["stop_seconds"].default + stop.CANCEL_SECONDS + CLOSE_SECONDS
    assert spec["terminationGracePeriodSeconds"] > before + needed


def test_no_pod_has_a_right_that_it_does_not_need(overlay: list[Manifest]) -> None:
    """The namespace is `restricted`; beyond that none has a token, and ours write to no file system but what they are given."""
    for manifest in pods(overlay):
        spec, name = manifest["spec"]["template"]["spec"], manifest["metadata"]["name"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            held = container["securityContext"]
            assert held["allowPrivilegeEscalation"] is False, name
            assert held["capabilities"] == {"drop": ["ALL"]}, name
            assert held.get("readOnlyRootFilesystem") or name in {"kafka", "postgres"}, name
            assert container["resources"].keys() == {"requests", "limits"}, name
    assert (
        one(overlay, "Namespace", overlay[0]["metadata"]["name"])["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        == "restricted"
    )


def test_a_pod_runs_as_the_user_of_the_image(production: list[Manifest]) -> None:
    user = pod(production, "intake")["securityContext"]["runAsUser"]
    assert f"--uid {user} " in (ROOT / "Dockerfile").read_text("utf-8")


def test_a_pod_reads_the_secret_of_its_process_alone_and_none_stands_in_a_manifest(overlay: list[Manifest]) -> None:
    assert not [each for each in overlay if each["kind"] == "Secret"]
    shared = {"frontend-keys"}
    for manifest in pods(overlay):
        name = manifest["metadata"]["name"]
        text = yaml.safe_dump(manifest["spec"]["template"])
        used = {each.split(":")[1].strip() for each in text.splitlines() if "secretName:" in each} - shared
        for container in containers(manifest):
            used |= {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container.get("env", ()) if "valueFrom" in entry}
        assert used <= ({"prepare", "intake"} if name == "shell" else {name}), name
        assert "postgresql://" not in text


def test_every_variable_of_a_secret_is_made_by_the_command_that_makes_them(production: list[Manifest]) -> None:
    made = secrets(with_kafka=True)
    for name in (*SETTINGS, "prepare"):
        manifest = one(production, "Job" if name == "prepare" else "Deployment", name)
        entries = containers(manifest)[0]["env"]
        asked = {entry["valueFrom"]["secretKeyRef"]["key"] for entry in entries if "valueFrom" in entry}
        assert asked - LOGINS == made[name].keys(), name


def test_the_image_of_a_release_is_named_in_one_place(production: list[Manifest]) -> None:
    (release,) = read(KUBERNETES / "release" / "kustomization.yaml")
    (image,) = release["images"]
    ours = {container["image"] for manifest in pods(production) for container in containers(manifest) if container["name"] == "process"}
    assert ours == {f"{image['newName']}:{image['newTag']}"}
    assert f'version = "{image["newTag"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    named = [path for path in KUBERNETES.rglob("*.yaml") if image["newName"] in path.read_text("utf-8")]
    assert named == [KUBERNETES / "release" / "kustomization.yaml"]


def test_the_example_of_an_authority_is_one(production: list[Manifest], tmp_path: Path) -> None:
    assert load_authority(KUBERNETES / "overlays/production/authority.toml").code == "example"
    text = one(production, "ConfigMap", "authority")["data"]["authority.toml"]
    (tmp_path / "authority.toml").write_text(text, "utf-8")
    assert load_authority(tmp_path / "authority.toml").code == "example"


@pytest.mark.requirement("E-18")
def test_only_the_demonstration_says_that_it_is_one(demo: list[Manifest], production: list[Manifest]) -> None:
    assert of_process(demo, "site")["OTKLIK_DEMO"] == "true"
    assert of_process(production, "site")["OTKLIK_DEMO"] == "false"


@pytest.mark.requirement("E-13", "D-1")
def test_the_shell_can_recover_and_rebuild_intake_as_the_administrator(overlay: list[Manifest]) -> None:
    made = secrets(with_kafka=True)
    variables = told(overlay, pod(overlay, "shell")["containers"][0], made)
    settings = settings_of(IntakeSettings, {name: value for name, value in variables.items() if value})
    assert settings.postgres_dsn.get_secret_value() == made["intake"]["OTKLIK_POSTGRES_DSN"]
    assert (settings.kafka_user, variables["OTKLIK_ADMIN_DSN"]) == (ADMINISTRATOR, made["prepare"]["OTKLIK_ADMIN_DSN"])


def test_before_the_processes_start_the_database_and_the_topics_are_prepared(demo: list[Manifest], production: list[Manifest]) -> None:
    for manifests, copies in ((demo, "1"), (production, "3")):
        (container,) = pod(manifests, "prepare", "Job")["containers"]
        assert container["command"][:2] == ["sh", "-c"]
        assert container["command"][2].startswith("otklik database prepare && otklik topics apply ")
        assert told(manifests, container, secrets(with_kafka=True))["REPLICATION"] == copies


def test_the_stores_of_the_demonstration_are_set_up_as_those_of_compose(demo: list[Manifest]) -> None:
    """All but addresses and the door of foreign frontends, which the demonstration does not open."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    elsewhere = ("LISTENER", "VOTERS", "SASL", "AUTHORIZER", "SUPER_USERS", "PASSWORD_FILE")
    for name in ("kafka", "postgres"):
        (container,) = pod(demo, name, "StatefulSet")["containers"]
        here = {entry["name"]: entry.get("value") for entry in container["env"]}
        there = {key: str(value) for key, value in compose[name]["environment"].items() if not any(word in key for word in elsewhere)}
        assert {key: here.get(key) for key in there} == there
        assert container["image"] == compose[name]["image"]
    assert pod(demo, "postgres", "StatefulSet")["containers"][0]["args"] == compose["postgres"]["command"]


def test_a_collector_listens_where_the_processes_send(production: list[Manifest]) -> None:
    config = yaml.safe_load(one(production, "ConfigMap", "collector")["data"]["config.yaml"])
    port = config["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert of_process(production, "intake")["OTKLIK_OTLP_ENDPOINT"] == f"http://collector:{port}"
    ports = {entry["name"]: entry["port"] for entry in one(production, "Service", "collector")["spec"]["ports"]}
    assert ports == {"otlp": int(port), "http": int(config["exporters"]["prometheus"]["endpoint"].rpartition(":")[2])}
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    assert pod(production, "collector")["containers"][0]["image"] == compose["collector"]["image"]
