"""The manifests for Kubernetes: rendered, checked by its schemas, and as restricted as possible."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.conftest import ROOT, Tool

FOLDER = ROOT / "examples/deploy/kubernetes"
VERSIONS = ("1.30", "1.37")
OTHERS = {"ServiceMonitor"}
"""Kinds of Prometheus' operator, not of Kubernetes."""

Manifest = dict[str, Any]


@pytest.fixture
def rendered(tool: Tool) -> list[Manifest]:
    """Return what `kubectl apply -k` would send."""
    return list(filter(None, yaml.safe_load_all(tool("kubectl", "kustomize", FOLDER / "production"))))


def of(kind: str, manifests: list[Manifest]) -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind]
    return found


def files() -> Iterator[Manifest]:
    """Yield the manifests as they lie in their folders, which needs no tool."""
    for path in sorted(FOLDER.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from filter(None, yaml.safe_load_all(path.read_text(encoding="utf-8")))


def pod() -> Manifest:
    spec: Manifest = of("Deployment", list(files()))["spec"]["template"]["spec"]
    return spec


def judged(manifests: list[Manifest], version: str, tool: Tool, folder: Path) -> int:
    """Let those that are Kubernetes' own be judged by its schemas, and return how many they are."""
    ours = [each for each in manifests if each["kind"] not in OTHERS]
    path = folder / "all.yaml"
    path.write_text(yaml.safe_dump_all(ours), encoding="utf-8")
    said = tool("kubernetes-validate", "--strict", "-k", version, path)
    assert said.count(" passed for resource ") == len(ours)
    return len(ours)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_follows_the_schemas_of_kubernetes(version: str, tool: Tool, tmp_path: Path) -> None:
    assert judged(list(files()), version, tool, tmp_path) == 6


def test_the_output_of_kustomize_follows_the_schemas_of_kubernetes(
    rendered: list[Manifest], tool: Tool, tmp_path: Path
) -> None:
    assert judged(rendered, VERSIONS[-1], tool, tmp_path) == 7


def test_values_of_the_user_end_up_in_the_output_of_kustomize(rendered: list[Manifest]) -> None:
    deployment = of("Deployment", rendered)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    settings = of("ConfigMap", rendered)
    assert container["image"] == "registry.example.com/gupshup-controller:0.1.0"
    assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]
    assert settings["data"]["GUPSHUPCTL_GIT"].startswith("https://")
    assert settings["data"]["GUPSHUPCTL_LISTEN"] == "0.0.0.0:8080"
    assert {each["metadata"].get("namespace") for each in rendered if each["kind"] != "Namespace"} == {
        "gupshup"
    }


def test_the_namespace_admits_restricted_pods_only() -> None:
    labels = of("Namespace", list(files()))["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_pods_are_as_restricted_as_the_standard_asks() -> None:
    """Kubernetes' Pod Security Standards, level *restricted*, rule by rule."""
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    for container in pod()["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in context
        assert not any("hostPort" in port for port in container["ports"])
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod())
    assert {kind for volume in pod()["volumes"] for kind in set(volume) - {"name"}} <= allowed
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_pods_are_restricted_further_than_the_standard_asks() -> None:
    (container,) = pod()["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert pod()["securityContext"]["runAsUser"] == 65532
    assert (pod()["automountServiceAccountToken"], pod()["enableServiceLinks"]) == (False, False)
    assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    writable = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {"state", "tmp"}
    assert pod()["terminationGracePeriodSeconds"] > 25, "longer than a pass takes to end"


def test_a_replica_may_be_evicted_without_an_interruption() -> None:
    everything = list(files())
    deployment, budget = of("Deployment", everything), of("PodDisruptionBudget", everything)
    assert deployment["spec"]["replicas"] == 2
    assert budget["spec"]["minAvailable"] == 1
    for other in ("PodDisruptionBudget", "Service", "NetworkPolicy", "ServiceMonitor"):
        spec = of(other, everything)["spec"]
        chosen = spec.get("podSelector") or spec["selector"]
        labels = chosen.get("matchLabels", chosen)
        assert labels == deployment["spec"]["selector"]["matchLabels"], other
    assert (
        deployment["spec"]["template"]["metadata"]["labels"] == deployment["spec"]["selector"]["matchLabels"]
    )


def test_probes_call_the_right_paths() -> None:
    (container,) = pod()["containers"]
    asked = {
        probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")
    }
    assert asked == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}


def test_the_network_policy_admits_monitoring_only_and_needed_egress_only() -> None:
    policy = of("NetworkPolicy", list(files()))["spec"]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    (entry,) = policy["ingress"]
    assert entry["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    ]
    ports = [sorted({port["port"] for port in rule["ports"]}) for rule in policy["egress"]]
    assert ports == [[53], [5432], [443]]
    (world,) = policy["egress"][-1]["to"]
    assert {"169.254.0.0/16", "10.0.0.0/8"} <= set(world["ipBlock"]["except"])


def test_no_secret_stands_in_a_manifest_for_kubernetes() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yaml"))
    assert "kind: Secret\n" not in text
    values = dict(re.findall(r"- (GUPSHUP\w+)=(\S+)", text))
    assert {name: value for name, value in values.items() if "SECRET" in name or "TOKEN" in name} == {
        "GUPSHUP_SECRET_FILE": "/run/secrets/partner/secret",
        "GUPSHUPCTL_AUTH_TOKEN_FILE": "/run/secrets/http/token",
        "GUPSHUPCTL_GIT_TOKEN_FILE": "/run/secrets/git/token",
    }
