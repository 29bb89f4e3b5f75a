"""Kustomize in the little that deploy/ uses of it, so that overlays are checked without the program too; a test compares the two."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
KEYS = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath", "ports": "containerPort"}
NOT_IN_A_NAMESPACE = {"Namespace"}


def read(path: Path) -> list[Manifest]:
    return [manifest for manifest in yaml.safe_load_all(path.read_text("utf-8")) if manifest]


def rendered(folder: Path) -> list[Manifest]:
    """What `kustomize build` prints."""
    return _applied(folder, [])


def _applied(folder: Path, before: list[Manifest]) -> list[Manifest]:
    """A kustomization, or a component on what is there before it."""
    (wanted,) = read(folder / "kustomization.yaml")
    manifests = [*before, *(made for name in wanted.get("resources", ()) for made in _resource(folder / name))]
    for component in wanted.get("components", ()):
        manifests = _applied(folder / component, manifests)
    for generator in wanted.get("configMapGenerator", ()):
        _generate(folder, generator, wanted["generatorOptions"], manifests)
    for patch in wanted.get("patches", ()):
        for change in read(folder / patch["path"]):
            for manifest in _targets(manifests, patch.get("target"), change):
                manifest.update(merged(manifest, _anonymous(change) if "target" in patch else change))
    _name(manifests, wanted)
    return manifests


def _resource(path: Path) -> list[Manifest]:
    return rendered(path) if path.is_dir() else read(path)


def _generate(folder: Path, generator: Manifest, options: Manifest, manifests: list[Manifest]) -> None:
    assert generator["behavior"] == "replace"
    assert options["disableNameSuffixHash"]
    (replaced,) = (one for one in manifests if one["kind"] == "ConfigMap" and one["metadata"]["name"] == generator["name"])
    replaced["data"] = {name: (folder / name).read_text("utf-8") for name in generator["files"]}
    replaced["metadata"]["labels"] |= options["labels"]


def _targets(manifests: list[Manifest], target: Manifest | None, patch: Manifest) -> Iterator[Manifest]:
    for manifest in manifests:
        if target is None:
            if (manifest["kind"], manifest["metadata"]["name"]) == (patch["kind"], patch["metadata"]["name"]):
                yield manifest
        elif manifest["kind"] == target["kind"]:
            label, _, value = target["labelSelector"].partition("=")
            if manifest["metadata"].get("labels", {}).get(label) == value:
                yield manifest


def _anonymous(patch: Manifest) -> Manifest:
    """Where a target says whom it is for, a patch's own name and kind count for nothing."""
    return {key: value for key, value in patch.items() if key not in {"apiVersion", "kind", "metadata"}}


def merged(into: Any, change: Any, name: str = "") -> Any:
    """A strategic merge patch: mappings grow, lists with a key are merged by it, other lists are replaced, null takes away."""
    if isinstance(into, dict) and isinstance(change, dict):
        together = into | {key: merged(into.get(key), value, key) for key, value in change.items()}
        return {key: value for key, value in together.items() if value is not None}
    if isinstance(into, list) and isinstance(change, list) and name in KEYS:
        by = {one[KEYS[name]]: one for one in into}
        return list((by | {one[KEYS[name]]: merged(by.get(one[KEYS[name]]), one) for one in change}).values())
    return deepcopy(change)


def _name(manifests: list[Manifest], wanted: Manifest) -> None:
    for manifest in manifests:
        if "namespace" in wanted:
            place = "name" if manifest["kind"] in NOT_IN_A_NAMESPACE else "namespace"
            manifest["metadata"][place] = wanted["namespace"]
        for container in containers(manifest):
            for image in wanted.get("images", ()):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['newName']}:{image['newTag']}"
        for count in wanted.get("replicas", ()):
            if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] == count["name"]:
                manifest["spec"]["replicas"] = count["count"]


def containers(manifest: Manifest) -> list[Manifest]:
    """The containers of a workload's pods."""
    pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
    return list(pod.get("containers", ()))
