"""The chart renders, every manifest fits its schema, and it is as hard as it says."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from shared.contracts.catalogue import PARTITIONS
from tests.chart.rendering import CHART, CLUSTER, EXAMPLES, helm, of_kind, pod_specs, rendered

# Their schemas come with their operators, not with Kubernetes.
CUSTOM = {"KafkaTopic", "ScaledObject", "TriggerAuthentication"}
SERVICES = {"workspace", "gallery", "tiling", "annotation", "trainer", "evaluator", "inference"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_lint_finds_nothing(example: str) -> None:
    done = helm("lint", "--strict", str(CHART), "-f", str(CHART / "examples" / f"{example}.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_manifest_fits_its_schema(example: str) -> None:
    manifests = rendered(example)
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, CLUSTER, strict=True)
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_workspace_alone_can_sign_tokens_and_the_others_ask_it_for_its_keys(
    example: str,
) -> None:
    manifests = rendered(example)
    signing, asking = set(), set()
    for name, spec in pod_specs(manifests).items():
        files = [volume["secret"] for volume in spec.get("volumes", ()) if "secret" in volume]
        if any(item["key"] == "signing-key" for file in files for item in file["items"]):
            signing.add(name)
        for variable in spec["containers"][0].get("env", ()):
            key = variable.get("valueFrom", {}).get("secretKeyRef", {}).get("key")
            assert key != "signing-key", name
            if variable["name"] == "LOUPE_TOKEN_KEYS":
                asking.add(name)
                assert variable["value"] == "http://plant-workspace:8080/api/workspace/jwks"
    assert signing == {"plant-workspace"}
    assert asking == {f"plant-{service}" for service in SERVICES - {"workspace"}}
    ways = {p["metadata"]["name"]: p["spec"] for p in of_kind(manifests, "NetworkPolicy")}
    out, into = ways["plant-to-workspace"], ways["plant-workspace"]
    (asked,) = out["egress"][0]["to"]
    assert asked["podSelector"] == into["podSelector"]
    assert into["ingress"][0]["from"] == [{"podSelector": out["podSelector"]}]
    values = {e["key"]: e["values"] for e in out["podSelector"]["matchExpressions"]}
    assert set(values["app.kubernetes.io/name"]) == SERVICES - {"workspace"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_pod_is_admitted_by_the_restricted_standard(example: str) -> None:
    specs = pod_specs(rendered(example))
    assert {f"plant-{service}" for service in SERVICES} <= set(specs)
    for name, spec in specs.items():
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name
            assert "memory" in container["resources"]["limits"], name
        kinds = {kind for volume in spec.get("volumes", []) for kind in volume if kind != "name"}
        assert kinds <= {"emptyDir", "configMap", "persistentVolumeClaim", "secret"}, name


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_container_can_write_to_its_image_and_each_is_watched(example: str) -> None:
    for name, spec in pod_specs(rendered(example)).items():
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert "livenessProbe" in container or name.startswith("plant-access-"), name


def test_the_mongodb_of_a_trial_is_a_replica_set_of_one() -> None:
    manifests = rendered("trial")
    (mongo,) = pod_specs(manifests)["plant-documents"]["containers"]
    assert "mongod --replSet rs0" in mongo["args"][0]
    assert "--auth --keyFile" in mongo["args"][0]
    # Its member is called localhost: whoever follows the replica set's own names gets lost.
    (secret,) = of_kind(manifests, "Secret")
    assert "directConnection=true" in secret["stringData"]["mongo-url"]


KAFKA = "stores.kafka.security"
LOCKED = (
    f"{KAFKA}.protocol=SASL_SSL",
    f"{KAFKA}.mechanism=SCRAM-SHA-512",
    f"{KAFKA}.caSecret=plant-ca",
    "secrets.kafkaUsername=loupe",
    "secrets.kafkaPassword=a-long-word",
)


def settings_of(manifests: list[dict[str, Any]]) -> dict[str, str]:
    maps = {m["metadata"]["name"]: m["data"] for m in of_kind(manifests, "ConfigMap")}
    found: dict[str, str] = maps["plant-settings"]
    return found


def test_stores_are_reached_in_the_clear_and_in_the_first_region_unless_told() -> None:
    settings = settings_of(rendered("gpu"))
    assert settings["LOUPE_KAFKA_SECURITY_PROTOCOL"] == "PLAINTEXT"
    assert not {"LOUPE_KAFKA_SASL_MECHANISM", "LOUPE_KAFKA_CA_FILE"} & settings.keys()
    assert settings["LOUPE_S3_REGION"] == "us-east-1"
    settings = settings_of(rendered("gpu", "stores.s3.region=eu-central-1"))
    assert settings["LOUPE_S3_REGION"] == "eu-central-1"


def test_every_client_of_a_locked_broker_has_the_keys() -> None:
    manifests = rendered("gpu", *LOCKED, "autoscaling.keda.enabled=true")
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, CLUSTER, strict=True)
    settings = settings_of(manifests)
    assert settings["LOUPE_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert settings["LOUPE_KAFKA_SASL_MECHANISM"] == "SCRAM-SHA-512"
    folder = str(Path(settings["LOUPE_KAFKA_CA_FILE"]).parent)
    specs = pod_specs(manifests)
    for name in (*(f"plant-{service}" for service in SERVICES), "plant-worker-job"):
        container = specs[name]["containers"][0]
        references = {e["name"]: e.get("valueFrom", {}) for e in container["env"]}
        for variable, key in {"USERNAME": "kafka-username", "PASSWORD": "kafka-password"}.items():
            reference = references[f"LOUPE_KAFKA_SASL_{variable}"]["secretKeyRef"]
            assert reference == {"name": "plant-secrets", "key": key}, name
        assert folder in {mount["mountPath"] for mount in container["volumeMounts"]}, name
        secrets = [v["secret"]["secretName"] for v in specs[name]["volumes"] if "secret" in v]
        assert "plant-ca" in secrets, name
    (secret,) = of_kind(manifests, "Secret")
    assert secret["stringData"]["kafka-password"] == "a-long-word"
    triggers = of_kind(manifests, "ScaledObject")[0]["spec"]["triggers"]
    kafka = [trigger for trigger in triggers if trigger["type"] == "kafka"]
    assert all(t["metadata"]["sasl"] == "scram_sha512" for t in kafka)
    (keda,) = of_kind(manifests, "TriggerAuthentication")
    assert {t["authenticationRef"]["name"] for t in kafka} == {keda["metadata"]["name"]}
    assert {r["parameter"] for r in keda["spec"]["secretTargetRef"]} == {
        "username",
        "password",
        "ca",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((f"{KAFKA}.protocol=TLS",), "protocol is one of"),
        ((f"{KAFKA}.protocol=SASL_SSL",), "mechanism is needed"),
        ((f"{KAFKA}.mechanism=PLAIN",), "mechanism is only for"),
        ((f"{KAFKA}.caSecret=plant-ca",), "caSecret is only for"),
        (LOCKED[:3], "secrets.kafkaUsername is needed"),
        (LOCKED[:4], "secrets.kafkaPassword is needed"),
    ],
)
def test_a_door_that_could_not_open_fails_with_a_message(
    settings: tuple[str, ...], message: str
) -> None:
    sets = [part for setting in settings for part in ("--set", setting)]
    values = CHART / "examples" / "gpu.yaml"
    done = helm("template", "plant", str(CHART), "-f", str(values), *sets)
    assert done.returncode != 0
    assert message in done.stderr


@pytest.mark.parametrize("example", EXAMPLES)
def test_only_the_trainer_has_a_token_and_may_only_make_jobs(example: str) -> None:
    manifests = rendered(example)
    with_token = {
        name for name, spec in pod_specs(manifests).items() if spec["automountServiceAccountToken"]
    }
    jobs = any(name.endswith("-worker-job") for name in pod_specs(manifests))
    assert with_token == ({"plant-trainer"} if jobs else set())
    assert of_kind(manifests, "ClusterRole") == []
    rules = [rule for role in of_kind(manifests, "Role") for rule in role["rules"]]
    assert all(rule["resources"] == ["jobs"] for rule in rules)
    assert bool(rules) == jobs


@pytest.mark.parametrize("example", EXAMPLES)
def test_everything_is_denied_unless_it_is_allowed(example: str) -> None:
    policies = of_kind(rendered(example), "NetworkPolicy")
    deny = next(p for p in policies if p["metadata"]["name"] == "plant-deny")
    assert deny["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny["spec"]
    assert "egress" not in deny["spec"]
    for policy in policies:
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            assert rule.get("from") or rule.get("to"), policy["metadata"]["name"]
            assert rule.get("ports") or policy["metadata"]["name"] == "plant-to-stores"


def test_triton_is_reached_by_its_inference_service_alone() -> None:
    manifests = rendered("production")
    spec = pod_specs(manifests)["plant-inference"]
    triton = next(c for c in spec["containers"] if c["name"] == "triton")
    assert "env" not in triton
    (mount,) = [m for m in triton["volumeMounts"] if m["name"] == "models"]
    url = variables_of_inference()["LOUPE_INFERENCE_TRITON_URL"]
    assert url.startswith(f"unix:{mount['mountPath']}/socket/")
    assert "ports" not in triton
    assert not any(
        "triton" in service["metadata"]["name"] for service in of_kind(manifests, "Service")
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_service_has_its_parts(example: str) -> None:
    manifests = rendered(example)
    for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget"):
        names = {manifest["metadata"]["name"] for manifest in of_kind(manifests, kind)}
        assert {f"plant-{service}" for service in SERVICES} <= names, kind
    for service in SERVICES:
        (container, *_) = pod_specs(manifests)[f"plant-{service}"]["containers"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    paths = [
        path["path"]
        for ingress in of_kind(manifests, "Ingress")
        for path in ingress["spec"]["rules"][0]["http"]["paths"]
    ]
    assert set(paths) == {"/", *(f"/api/{service}" for service in SERVICES)}


def test_scaling_is_by_cpu_or_by_lag() -> None:
    scaled = {m["metadata"]["name"] for m in of_kind(rendered("gpu"), "HorizontalPodAutoscaler")}
    assert "plant-gallery" in scaled
    assert "plant-trainer" not in scaled
    by_lag = of_kind(rendered("production"), "ScaledObject")
    assert of_kind(rendered("production"), "HorizontalPodAutoscaler") == []
    gallery = next(m for m in by_lag if m["metadata"]["name"] == "plant-gallery")
    topics = {t["metadata"].get("topic") for t in gallery["spec"]["triggers"]}
    assert "annotation" in topics


def test_gpus_are_asked_for_where_they_are_named() -> None:
    specs = pod_specs(rendered("gpu"))
    worker = specs["plant-worker-job"]["containers"][0]
    assert worker["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert specs["plant-worker-job"]["tolerations"]
    assert worker["image"] == "registry.plant.example.com/vision/loupe/trainer:0.1.0"


NEEDED = [
    ("secrets.signingKey", "secrets.signingKey is needed"),
    ("secrets.adminKey", "secrets.adminKey is needed"),
    ("secrets.stores", "secrets.stores is needed"),
    ("stores.kafka.servers", "stores.kafka.servers is needed"),
    ("stores.mongo.url", "stores.mongo.url is needed"),
    ("stores.s3.endpoint", "stores.s3.endpoint is needed"),
]


@pytest.mark.parametrize(("value", "message"), NEEDED)
def test_a_missing_value_fails_with_a_message(value: str, message: str) -> None:
    values = CHART / "examples" / "gpu.yaml"
    done = helm("template", "plant", str(CHART), "-f", str(values), "--set", f"{value}=")
    assert done.returncode != 0
    assert message in done.stderr


def test_installing_without_any_value_fails_with_a_message() -> None:
    done = helm("template", "plant", str(CHART))
    assert done.returncode != 0
    assert "is needed" in done.stderr


def test_a_signing_key_that_is_none_is_refused() -> None:
    values = CHART / "examples" / "gpu.yaml"
    done = helm("template", "p", str(CHART), "-f", str(values), "--set", "secrets.signingKey=abc")
    assert "is no private key" in done.stderr


def test_the_topics_are_those_of_the_catalogue() -> None:
    topics = of_kind(rendered("production"), "KafkaTopic")
    assert {t["spec"]["topicName"] for t in topics if "dlq" not in t["spec"]["topicName"]} == set(
        PARTITIONS
    )
    for topic in topics:
        wanted = PARTITIONS.get(topic["spec"]["topicName"], 1)
        assert topic["spec"]["partitions"] == wanted


def test_topics_stand_where_the_topic_operator_looks() -> None:
    manifests = rendered("production")
    topics = of_kind(manifests, "KafkaTopic")
    assert {t["apiVersion"] for t in topics} == {"kafka.strimzi.io/v1"}
    assert {t["metadata"]["namespace"] for t in topics} == {"kafka"}
    # They alone leave the release's namespace; the services may go to the broker there.
    rest = [m for m in manifests if m["kind"] != "KafkaTopic"]
    assert not any("namespace" in m["metadata"] for m in rest)
    stores = next(m for m in rest if m["metadata"]["name"] == "plant-to-stores")
    (rule,) = stores["spec"]["egress"]
    name = {"kubernetes.io/metadata.name": "kafka"}
    assert {"namespaceSelector": {"matchLabels": name}} in rule["to"]
    assert {"protocol": "TCP", "port": 9092} in rule["ports"]


def test_topics_stand_in_the_namespace_of_the_release_unless_told() -> None:
    topics = of_kind(rendered("gpu", "stores.kafka.strimziCluster=plant"), "KafkaTopic")
    assert {t["metadata"]["namespace"] for t in topics} == {"vision"}


NGINX = "nginx.ingress.kubernetes.io"


def door_of_compose() -> dict[str, str]:
    """What the composed platform's nginx lets through, in the words of ingress-nginx."""
    lines = (CHART.parents[1] / "docker" / "console" / "gateway.conf").read_text().splitlines()
    directives = dict(line.rstrip(";").split(" ", 1) for line in lines if line.endswith(";"))
    return {
        f"{NGINX}/proxy-body-size": directives["client_max_body_size"],
        f"{NGINX}/proxy-request-buffering": directives["proxy_request_buffering"],
        f"{NGINX}/proxy-buffering": directives["proxy_buffering"],
        f"{NGINX}/proxy-read-timeout": directives["proxy_read_timeout"].removesuffix("s"),
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_uploads_and_streams_pass_the_ingress_as_they_pass_the_composed_door(example: str) -> None:
    (ingress,) = of_kind(rendered(example), "Ingress")
    assert door_of_compose().items() <= ingress["metadata"]["annotations"].items()


def test_an_annotation_of_the_ingress_can_be_another() -> None:
    key = f"{NGINX}/proxy-body-size".replace(".", r"\.")
    (ingress,) = of_kind(rendered("trial", f"ingress.annotations.{key}=600m"), "Ingress")
    annotations = ingress["metadata"]["annotations"]
    assert annotations == door_of_compose() | {f"{NGINX}/proxy-body-size": "600m"}


def variables_of_inference(*settings: str) -> dict[str, str | None]:
    (container, *_) = pod_specs(rendered("trial", *settings))["plant-inference"]["containers"]
    assert container["name"] == "inference"
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_the_backend_of_triton_is_what_its_image_has() -> None:
    # Not set at all: the service's own default is the upstream image's, and "" is refused.
    assert "LOUPE_INFERENCE_BACKEND" not in variables_of_inference()
    for backend in ("python", "onnxruntime"):
        found = variables_of_inference(f"triton.backend={backend}")
        assert found["LOUPE_INFERENCE_BACKEND"] == backend


def test_a_backend_that_inference_does_not_know_is_refused() -> None:
    values = str(CHART / "examples" / "trial.yaml")
    done = helm("template", "plant", str(CHART), "-f", values, "--set", "triton.backend=tensorrt")
    assert done.returncode != 0
    assert "triton.backend is one of" in done.stderr


@pytest.mark.parametrize(
    ("settings", "namespace", "port"),
    [
        ((), "kube-system", 53),
        (
            ("networkPolicy.dns.namespace=openshift-dns", "networkPolicy.dns.port=5353"),
            "openshift-dns",
            5353,
        ),
    ],
)
def test_names_are_asked_where_the_cluster_answers_them(
    settings: tuple[str, ...], namespace: str, port: int
) -> None:
    policies = of_kind(rendered("trial", *settings), "NetworkPolicy")
    names = next(p for p in policies if p["metadata"]["name"] == "plant-names")
    kubernetes_validate.validate(names, CLUSTER, strict=True)
    (rule,) = names["spec"]["egress"]
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    assert rule["to"] == [{"namespaceSelector": selector}]
    assert rule["ports"] == [{"protocol": p, "port": port} for p in ("UDP", "TCP")]


def test_a_store_without_an_image_of_its_own_is_one_of_ours() -> None:
    ours = ("images.registry=registry.example.com/", "images.tag=7")
    names = ("kafka", "documents")
    local = tuple(f"stores.trialImages.{name}=" for name in names)
    for settings, stores in ((ours, ("minio",)), (ours + local, ("minio", *names))):
        specs = pod_specs(rendered("trial", *settings))
        for store in stores:
            (container,) = specs[f"plant-{store}"]["containers"]
            assert container["image"] == f"registry.example.com/loupe/{store}:7"
