"""The names and addresses in an object that two running clusters cannot share, or that name a cluster (pure)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubeaid_ci.k8s.fields import mappings, text, text_map, texts
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.pods import pod_templates
from kubeaid_ci.redaction.manifests import masked
from kubeaid_ci.redaction.texts import masked_text


class UseKind(StrEnum):
    """The kind of thing that an object claims or names."""

    HOSTNAME = "hostname"
    ADDRESS = "address"
    DNS_OWNER = "dns-owner"
    BUCKET = "bucket"
    SECRET_PATH = "secret-path"  # noqa: S105 - a kind, no secret
    CLUSTER_NAME = "cluster-name"
    SEALED_SECRET = "sealed-secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Use:
    """A value that an object claims, and its field. `needle` is the part of it that a values file has."""

    kind: UseKind
    field: str
    value: str
    needle: str


_HOST, _IP, _BUCKET, _SECRET = UseKind.HOSTNAME, UseKind.ADDRESS, UseKind.BUCKET, UseKind.SECRET_PATH
_ROUTE = ((_HOST, "spec.hostnames.*"),)
_INGRESS = ((_HOST, "spec.rules.*.host"), (_HOST, "spec.tls.*.hosts.*"))
_PERCONA = tuple(
    (_BUCKET, f"spec.backup.storages.*.{key}") for key in ("s3.bucket", "gcs.bucket", "azure.container", "minio.bucket")
)
_PGBACKREST = tuple(
    (_BUCKET, f"spec.backups.pgbackrest.repos.*.{key}") for key in ("s3.bucket", "gcs.bucket", "azure.container")
)
_MARIADB = ((_BUCKET, "spec.storage.s3.bucket"), (_BUCKET, "spec.storage.azureBlob.containerName"))
_REMOTE = ("data.*.remoteRef.key", "dataFrom.*.extract.key")

_FIELDS: Mapping[tuple[str, str], tuple[tuple[UseKind, str], ...]] = {
    ("", "Service"): ((_IP, "spec.loadBalancerIP"), (_IP, "spec.externalIPs.*")),
    ("networking.k8s.io", "Ingress"): _INGRESS,
    ("extensions", "Ingress"): _INGRESS,
    ("gateway.networking.k8s.io", "Gateway"): ((_HOST, "spec.listeners.*.hostname"), (_IP, "spec.addresses.*.value")),
    ("gateway.networking.k8s.io", "HTTPRoute"): _ROUTE,
    ("gateway.networking.k8s.io", "GRPCRoute"): _ROUTE,
    ("gateway.networking.k8s.io", "TLSRoute"): _ROUTE,
    ("cert-manager.io", "Certificate"): ((_HOST, "spec.dnsNames.*"), (_HOST, "spec.commonName")),
    ("externaldns.k8s.io", "DNSEndpoint"): ((_HOST, "spec.endpoints.*.dnsName"),),
    ("metallb.io", "IPAddressPool"): ((_IP, "spec.addresses.*"),),
    ("metallb.io", "AddressPool"): ((_IP, "spec.addresses.*"),),
    ("cilium.io", "CiliumLoadBalancerIPPool"): (
        (_IP, "spec.blocks.*.cidr"),
        (_IP, "spec.blocks.*.start"),
        (_IP, "spec.cidrs.*.cidr"),
    ),
    ("cluster.x-k8s.io", "Cluster"): ((_IP, "spec.controlPlaneEndpoint.host"),),
    ("velero.io", "BackupStorageLocation"): ((_BUCKET, "spec.objectStorage.bucket"),),
    ("postgresql.cnpg.io", "Cluster"): ((_BUCKET, "spec.backup.barmanObjectStore.destinationPath"),),
    ("barmancloud.cnpg.io", "ObjectStore"): ((_BUCKET, "spec.configuration.destinationPath"),),
    ("acid.zalan.do", "OperatorConfiguration"): (
        (_BUCKET, "configuration.aws_or_gcp.wal_s3_bucket"),
        (_BUCKET, "configuration.aws_or_gcp.wal_gs_bucket"),
        (_BUCKET, "configuration.logical_backup.logical_backup_s3_bucket"),
    ),
    ("psmdb.percona.com", "PerconaServerMongoDB"): _PERCONA,
    ("pxc.percona.com", "PerconaXtraDBCluster"): _PERCONA,
    ("pgv2.percona.com", "PerconaPGCluster"): _PGBACKREST,
    ("postgres-operator.crunchydata.com", "PostgresCluster"): _PGBACKREST,
    ("k8s.mariadb.com", "Backup"): _MARIADB,
    ("k8s.mariadb.com", "PhysicalBackup"): _MARIADB,
    ("external-secrets.io", "ExternalSecret"): tuple((_SECRET, f"spec.{path}") for path in _REMOTE),
    ("external-secrets.io", "ClusterExternalSecret"): tuple(
        (_SECRET, f"spec.externalSecretSpec.{path}") for path in _REMOTE
    ),
    ("external-secrets.io", "PushSecret"): ((_SECRET, "spec.data.*.match.remoteRef.remoteKey"),),
    ("monitoring.coreos.com", "Prometheus"): ((UseKind.CLUSTER_NAME, "spec.externalLabels.cluster"),),
}
"""Fields by group and kind; ``*`` is every item of a list or value of a mapping."""

_ANNOTATIONS: Mapping[str, UseKind] = {
    "external-dns.alpha.kubernetes.io/hostname": _HOST,
    "metallb.universe.tf/loadBalancerIPs": _IP,
    "metallb.io/loadBalancerIPs": _IP,
    "io.cilium/lb-ipam-ips": _IP,
    "lbipam.cilium.io/ips": _IP,
    "kube-vip.io/loadbalancerIPs": _IP,
    "load-balancer.hetzner.cloud/name": _IP,
    "service.beta.kubernetes.io/aws-load-balancer-name": _IP,
    "service.beta.kubernetes.io/aws-load-balancer-eip-allocations": _IP,
    "service.beta.kubernetes.io/azure-pip-name": _IP,
    "service.beta.kubernetes.io/azure-load-balancer-ipv4": _IP,
    "networking.gke.io/load-balancer-ip-addresses": _IP,
    "kubernetes.io/ingress.global-static-ip-name": _IP,
}
_TRAEFIK = ("traefik.io", "traefik.containo.us")
_TRAEFIK_HOST = re.compile(r"Host(?:SNI)?\(([^)]*)\)")
_QUOTED = re.compile(r"[`\"']([^`\"']+)[`\"']")
_FLAGS: Mapping[str, UseKind] = {
    "txt-owner-id": UseKind.DNS_OWNER,
    "cluster-name": UseKind.CLUSTER_NAME,
    "cluster-id": UseKind.CLUSTER_NAME,
    "node-group-auto-discovery": UseKind.CLUSTER_NAME,
}
_BUCKET_NAME = re.compile(r"(?:^|_)BUCKET(?:_NAME)?$")
_CAPI = "cluster.x-k8s.io"
_MOST_DEEP = 12


def uses(manifest: Manifest) -> Iterator[Use]:
    """Yield what an object claims outside of its cluster. Values of another type than text are left out."""
    body, key = manifest.body, manifest.key
    if (key.group, key.kind) == ("bitnami.com", "SealedSecret"):
        yield Use(UseKind.SEALED_SECRET, "spec.encryptedData", f"{key.namespace}/{key.name}", key.name)
    for kind, path in _FIELDS.get((key.group, key.kind), ()):
        for field, value, holder in _values(body, tuple(path.split(".")), ""):
            yield from _claimed(kind, field, value, holder, key.name)
    if key.group in _TRAEFIK:
        yield from _traefik(body)
    for name, value in text_map(body, "metadata", "annotations").items():
        if kind_of := _ANNOTATIONS.get(name):
            for part in filter(None, (one.strip() for one in value.split(","))):
                yield Use(kind_of, f"metadata.annotations[{name}]", part, part)
    if key.group == _CAPI and key.kind == "Cluster" and key.name:
        yield Use(UseKind.CLUSTER_NAME, "metadata.name", key.name, key.name)
    for container in _containers(manifest):
        yield from _of_container(container)
    if key.kind == "ConfigMap" and not key.group:
        for name, value in text_map(body, "data").items():
            if _BUCKET_NAME.search(name) and value:
                yield Use(_BUCKET, f"data.{name}", value, value)


def named(manifest: Manifest, names: re.Pattern[str], old: str) -> Iterator[Use]:
    """Yield the labels, annotations, arguments and tags of an object in which the name of the old cluster is left."""
    body = manifest.body
    places = [
        (f"metadata.{part}[{key}]", value)
        for part in ("labels", "annotations")
        for key, value in text_map(body, "metadata", part).items()
    ]
    places += [("args", argument) for container in _containers(manifest) for argument in _arguments(container)]
    places += list(_tags(body, "", 0, tagged=False))
    if manifest.key.group.endswith(_CAPI):
        places += [("spec.clusterName", text(body, "spec", "clusterName")), ("metadata.name", manifest.key.name)]
    for field, value in places:
        if is_named(value, names, old):
            yield Use(UseKind.CLUSTER_NAME, field, value, old)


def names_of(old: str, new: str) -> re.Pattern[str]:
    """Return a pattern of both names of a cluster as whole words; the longer one is tried first."""
    either = "|".join(re.escape(name) for name in sorted({old, new}, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])")


def is_named(value: str, names: re.Pattern[str], old: str) -> bool:
    """Return whether a text has the old name; `names` is from `names_of`."""
    return old in value and any(found[0] == old for found in names.finditer(value))


def _values(node: Any, path: tuple[str, ...], above: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield each text at a path: its field, the text, and the mapping that holds it."""
    step, rest = path[0], path[1:]
    if step != "*":
        entries = [(f"{above}.{step}".lstrip("."), node[step])] if isinstance(node, dict) and step in node else []
    elif isinstance(node, list):
        entries = [(f"{above}[{number}]", item) for number, item in enumerate(node)]
    else:
        entries = [(f"{above}.{key}", item) for key, item in node.items()] if isinstance(node, dict) else []
    for field, item in entries:
        if rest:
            yield from _values(item, rest, field)
        elif isinstance(item, str) and item.strip():
            yield field, item.strip(), node if isinstance(node, dict) else {}


def _claimed(kind: UseKind, field: str, value: str, holder: Mapping[str, Any], name: str) -> Iterator[Use]:
    """Yield the value of a field; a bucket with its prefix, a path with the name of the server."""
    if kind is _HOST and not is_public(value):
        return
    whole = value
    if kind is _BUCKET and field.endswith("destinationPath"):
        whole = f"{value} of server {text(holder, 'serverName') or name}"
    elif kind is _BUCKET and (prefix := text(holder, "prefix").strip("/")):
        whole = f"{value}/{prefix}"
    yield Use(kind, field, whole, value)


def is_public(host: str) -> bool:
    """Return whether a hostname may be known outside of its cluster; names of Services are not."""
    host = host.lower().rstrip(".")
    return "." in host and not host.endswith((".svc", ".cluster.local")) and ".svc." not in host


def _traefik(body: Mapping[str, Any]) -> Iterator[Use]:
    for number, route in enumerate(mappings(body, "spec", "routes")):
        for found in _TRAEFIK_HOST.findall(text(route, "match")):
            for host in _QUOTED.findall(found):
                if is_public(host):
                    yield Use(_HOST, f"spec.routes[{number}].match", host, host)


def _containers(manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    """Yield the containers of an object, without the secrets in their arguments and variables."""
    for template in pod_templates(manifest):
        for part in ("initContainers", "containers"):
            yield from map(masked, mappings(template.spec, part))


def _arguments(container: Mapping[str, Any]) -> list[str]:
    return [masked_text(one) for one in (*texts(container, "command"), *texts(container, "args"))]


def _of_container(container: Mapping[str, Any]) -> Iterator[Use]:
    flags = dict(_flags(_arguments(container)))
    image = text(container, "image").partition("@")[0].rpartition("/")[2].partition(":")[0]
    if image == "external-dns" and "txt-owner-id" not in flags and flags.get("registry", "txt") == "txt":
        yield Use(UseKind.DNS_OWNER, "args --txt-owner-id", "default", "txtOwnerId")
    for name, value in flags.items():
        # Cluster API discovery without a name stays within the cluster that the autoscaler runs in.
        is_local = value.startswith("clusterapi:") and "clusterName" not in value
        if name in _FLAGS and value and not is_local:
            yield Use(_FLAGS[name], f"args --{name}", value, value)
    for variable in mappings(container, "env"):
        name, value = text(variable, "name"), text(variable, "value")
        if _BUCKET_NAME.search(name) and value:
            yield Use(_BUCKET, f"env {name}", value, value)


def _flags(arguments: list[str]) -> Iterator[tuple[str, str]]:
    """Yield ``--name=value`` and ``--name value``."""
    for number, argument in enumerate(arguments):
        if argument.startswith("--"):
            name, has_value, value = argument[2:].partition("=")
            following = arguments[number + 1] if number + 1 < len(arguments) else ""
            yield name, value if has_value else "" if following.startswith("-") else following


def _tags(node: Any, above: str, depth: int, *, tagged: bool) -> Iterator[tuple[str, str]]:
    """Yield the texts below keys such as ``additionalTags``."""
    if depth > _MOST_DEEP:
        return
    if isinstance(node, str):
        if tagged:
            yield above, node
    elif isinstance(node, dict):
        for key, value in node.items():
            is_tag = tagged or (isinstance(key, str) and key.lower().endswith("tags"))
            yield from _tags(value, f"{above}.{key}".lstrip("."), depth + 1, tagged=is_tag)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _tags(value, f"{above}[{number}]", depth + 1, tagged=tagged)
