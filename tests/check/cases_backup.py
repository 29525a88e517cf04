from typing import Any

from kubeaid_ci import documents
from tests.check.cases import Case, deployment, objects

OBJECTS = "app/objects.yaml"
CNPG = "postgresql.cnpg.io/v1"
ODD = """
apiVersion: velero.io/v1
kind: Schedule
metadata: {name: odd}
spec:
  schedule: [0, 3]
  template: {includedNamespaces: {a: b}, labelSelector: {matchLabels: [1]}, orLabelSelectors: [null], resourcePolicy: x}
---
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: {name: odd}
spec: [default]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: odd, labels: {velero.io/exclude-from-backup: true}}
spec: {resources: [1]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: odd}
spec: {storage: 1Gi, plugins: {name: x}, backup: text, tablespaces: [null, {name: 1}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: {name: odd}
spec: {schedule: {every: day}, cluster: odd}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: odd}
spec: {volumeClaimTemplates: [null, {metadata: text, spec: 1}], template: {spec: {volumes: {a: b}}}}
"""


def manifest(api_version: str, kind: str, name: str, spec: Any, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def claim(name: str = "data", **labels: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return manifest("v1", "PersistentVolumeClaim", name, spec, labels=labels)


def schedule(cron: str = "0 3 * * *", *, paused: bool = False, **template: Any) -> dict[str, Any]:
    spec = {"schedule": cron, "paused": paused, "template": {"storageLocation": "default", **template}}
    return manifest("velero.io/v1", "Schedule", "nightly", spec)


def location(**spec: Any) -> dict[str, Any]:
    wanted = {"provider": "aws", "objectStorage": {"bucket": "backups"}, **spec}
    return manifest("velero.io/v1", "BackupStorageLocation", "default", wanted)


def policy(**labels: str) -> dict[str, Any]:
    """A resource policy that skips the volumes with these labels."""
    rules = [{"conditions": {"pvcLabels": labels}, "action": {"type": "skip"}}]
    text = documents.dump({"version": "v1", "volumePolicies": rules})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "skips"}, "data": {"policy.yaml": text}}


def database(**spec: Any) -> dict[str, Any]:
    return manifest(CNPG, "Cluster", "db", {"instances": 3, "storage": {"size": "1Gi"}, **spec})


def scheduled(cron: str = "0 0 3 * * *", cluster: str = "db", **spec: Any) -> dict[str, Any]:
    return manifest(CNPG, "ScheduledBackup", "db-nightly", {"schedule": cron, "cluster": {"name": cluster}, **spec})


SKIPPING = {"resourcePolicy": {"kind": "configmap", "name": "skips"}}
BARMAN = {"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}]}
PLUGIN = {"method": "plugin"}
PROMETHEUS = manifest(
    "monitoring.coreos.com/v1",
    "Prometheus",
    "k8s",
    {"storage": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}}},
)
DUMP = manifest(
    "batch/v1",
    "CronJob",
    "mariadb-backup",
    {
        "schedule": "30 0 * * *",
        "jobTemplate": {
            "spec": {
                "template": {"spec": {"containers": [{"name": "dump", "env": [{"name": "HOST", "value": "shop"}]}]}}
            }
        },
    },
)
MARIADB = manifest("k8s.mariadb.com/v1alpha1", "MariaDB", "shop", {"storage": {"size": "1Gi"}})

CASES = (
    Case(
        "backup/volume-uncovered",
        firing=objects(location(), schedule(includedNamespaces=["shop"]), claim()),
        at=f"{OBJECTS}:22",
        says="namespace apps: 1 of 1 volumes are in no backup: PersistentVolumeClaim data: its namespace is not in",
        # Velero skips the databases, which back themselves up.
        quiet=objects(
            location(),
            policy(**{"app.kubernetes.io/managed-by": "cloudnative-pg"}),
            schedule(includedNamespaces=["*"], **SKIPPING),
            claim(),
            PROMETHEUS,
            database(**BARMAN),
            scheduled(**PLUGIN),
            MARIADB,
            DUMP,
        ),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "backup/none",
        firing=objects(claim(), PROMETHEUS),
        at=OBJECTS,
        says="no backup of 2 volumes: namespace apps: PersistentVolumeClaim data, Prometheus k8s spec.storage",
        quiet=objects(deployment(pod={"volumes": [{"name": "tmp", "emptyDir": {}}]})),
        hostile=objects(ODD),
    ),
    Case(
        "backup/gap",
        firing=objects(location(), schedule("0 3 * * 1-6"), claim()),
        at=f"{OBJECTS}:10",
        says="Schedule nightly: 48 hours pass between two backups of PersistentVolumeClaim data",
        quiet=objects(location(), schedule("@every 24h"), claim(), database(**BARMAN), scheduled(**PLUGIN)),
        hostile=objects(ODD, schedule("0 0 31 2 *")),
        hostile_fires=True,
    ),
    Case(
        "backup/schedule-invalid",
        firing=objects(location(), schedule("0 3 * * 7"), deployment()),
        at=f"{OBJECTS}:10",
        says="Schedule apps/nightly: spec.schedule: 7 is not within 0-6",
        quiet=objects(location(), schedule("CRON_TZ=Europe/Berlin 0 3 * * sun"), deployment()),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "backup/schedule-selects-nothing",
        firing=objects(location(), schedule(labelSelector={"matchLabels": {"tier": "gone"}}), deployment()),
        at=f"{OBJECTS}:10",
        says="no object of the cluster is in any namespace with the labels that it selects",
        quiet=objects(location(), schedule(includedNamespaces=["ap*"]), deployment()),
        hostile=objects(ODD),
    ),
    Case(
        "backup/location-missing",
        firing=objects(location(provider=None), schedule(), deployment()),
        at=f"{OBJECTS}:10",
        says="BackupStorageLocation default has no provider",
        quiet=objects(location(default=True), schedule(storageLocation=None), deployment()),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "backup/policy-missing",
        firing=objects(location(), schedule(**SKIPPING), deployment()),
        at=f"{OBJECTS}:10",
        says="no ConfigMap apps/skips",
        quiet=objects(location(), policy(app="x"), schedule(**SKIPPING), deployment()),
        hostile=objects(ODD),
    ),
    Case(
        "backup/database-incomplete",
        firing=objects(database(**BARMAN)),
        at=f"{OBJECTS}:1",
        says="Cluster apps/db: it archives its log, but no ScheduledBackup makes base backups",
        quiet=objects(database(backup={"barmanObjectStore": {}}), scheduled()),
        hostile=objects(ODD, database(), scheduled(**PLUGIN)),
        hostile_fires=True,
    ),
    Case(
        "backup/database-missing",
        firing=objects(scheduled(cluster="gone")),
        at=f"{OBJECTS}:1",
        says="ScheduledBackup apps/db-nightly: no Cluster gone in its namespace",
        quiet=objects(database(**BARMAN), scheduled(**PLUGIN)),
        hostile=objects(ODD),
        hostile_fires=True,
    ),
    Case(
        "backup/schedule-misread",
        firing=objects(database(**BARMAN), scheduled("0 2 * * *", **PLUGIN)),
        at=f"{OBJECTS}:13",
        says="spec.schedule 0 2 * * * has no field of seconds: it runs at minute 2, second 0",
        quiet=objects(database(**BARMAN), scheduled("@daily", **PLUGIN)),
        hostile=objects(ODD),
    ),
)
