"""The fields of an Application and an ApplicationSet (pkg/apis/application/v1alpha1 of Argo CD 3.5)."""

from collections.abc import Mapping

from kubeaid_ci.k8s.shapes import COUNT, DATA, FLAG, NUMBER, TEXT, TEXTS, TEXTS_BY_NAME, ListOf, Shape

HELM: Mapping[str, Shape] = {
    "valueFiles": TEXTS,
    "parameters": ListOf({"name": TEXT, "value": TEXT, "forceString": FLAG}),
    "releaseName": TEXT,
    "values": TEXT,
    "fileParameters": ListOf({"name": TEXT, "path": TEXT}),
    "version": TEXT,
    "passCredentials": FLAG,
    "ignoreMissingValueFiles": FLAG,
    "skipCrds": FLAG,
    "valuesObject": DATA,
    "namespace": TEXT,
    "kubeVersion": TEXT,
    "apiVersions": TEXTS,
    "skipTests": FLAG,
    "skipSchemaValidation": FLAG,
}
_SELECTOR: Mapping[str, Shape] = {
    "group": TEXT,
    "version": TEXT,
    "kind": TEXT,
    "name": TEXT,
    "namespace": TEXT,
    "annotationSelector": TEXT,
    "labelSelector": TEXT,
}
KUSTOMIZE: Mapping[str, Shape] = {
    "namePrefix": TEXT,
    "nameSuffix": TEXT,
    "images": TEXTS,
    "commonLabels": TEXTS_BY_NAME,
    "version": TEXT,
    "commonAnnotations": TEXTS_BY_NAME,
    "forceCommonLabels": FLAG,
    "forceCommonAnnotations": FLAG,
    "namespace": TEXT,
    "commonAnnotationsEnvsubst": FLAG,
    "replicas": ListOf({"name": TEXT, "count": COUNT}),
    "patches": ListOf({"path": TEXT, "patch": TEXT, "target": _SELECTOR, "options": DATA}),
    "components": TEXTS,
    "ignoreMissingComponents": FLAG,
    "labelWithoutSelector": FLAG,
    "kubeVersion": TEXT,
    "apiVersions": TEXTS,
    "labelIncludeTemplates": FLAG,
}
_JSONNET_VARIABLES = ListOf({"name": TEXT, "value": TEXT, "code": FLAG})
JSONNET: Mapping[str, Shape] = {"extVars": _JSONNET_VARIABLES, "tlas": _JSONNET_VARIABLES, "libs": TEXTS}
DIRECTORY: Mapping[str, Shape] = {"recurse": FLAG, "jsonnet": JSONNET, "exclude": TEXT, "include": TEXT}
PLUGIN: Mapping[str, Shape] = {
    "name": TEXT,
    "env": ListOf({"name": TEXT, "value": TEXT}),
    "parameters": ListOf({"name": TEXT, "string": TEXT, "map": TEXTS_BY_NAME, "array": TEXTS}),
}
SOURCE: Mapping[str, Shape] = {
    "repoURL": TEXT,
    "path": TEXT,
    "targetRevision": TEXT,
    "helm": HELM,
    "kustomize": KUSTOMIZE,
    "directory": DIRECTORY,
    "plugin": PLUGIN,
    "chart": TEXT,
    "ref": TEXT,
    "name": TEXT,
    "tagPrefix": TEXT,
}
_SYNC_POLICY: Mapping[str, Shape] = {
    "automated": {"prune": FLAG, "selfHeal": FLAG, "allowEmpty": FLAG, "enabled": FLAG},
    "syncOptions": TEXTS,
    "retry": {
        "limit": NUMBER,
        "backoff": {"duration": TEXT, "factor": NUMBER, "maxDuration": TEXT},
        "refresh": FLAG,
    },
    "managedNamespaceMetadata": {"labels": TEXTS_BY_NAME, "annotations": TEXTS_BY_NAME},
}
APPLICATION_SPEC: Mapping[str, Shape] = {
    "source": SOURCE,
    "destination": {"server": TEXT, "namespace": TEXT, "name": TEXT},
    "project": TEXT,
    "syncPolicy": _SYNC_POLICY,
    "ignoreDifferences": ListOf(
        {
            "group": TEXT,
            "kind": TEXT,
            "name": TEXT,
            "namespace": TEXT,
            "jsonPointers": TEXTS,
            "jqPathExpressions": TEXTS,
            "managedFieldsManagers": TEXTS,
        }
    ),
    "info": ListOf({"name": TEXT, "value": TEXT}),
    "revisionHistoryLimit": NUMBER,
    "sources": ListOf(SOURCE),
    "sourceHydrator": {
        "drySource": {name: shape for name, shape in SOURCE.items() if name not in ("chart", "ref", "name")},
        "syncSource": {"targetBranch": TEXT, "path": TEXT, "repoURL": TEXT},
        "hydrateTo": {"targetBranch": TEXT},
    },
}

TEMPLATE: Mapping[str, Shape] = {
    "metadata": {
        "name": TEXT,
        "namespace": TEXT,
        "labels": TEXTS_BY_NAME,
        "annotations": TEXTS_BY_NAME,
        "finalizers": TEXTS,
    },
    "spec": APPLICATION_SPEC,
}
_LABEL_SELECTOR: Mapping[str, Shape] = {
    "matchLabels": TEXTS_BY_NAME,
    "matchExpressions": ListOf({"key": TEXT, "operator": TEXT, "values": TEXTS}),
}
_PATHS = ListOf({"path": TEXT, "exclude": FLAG})
_TERMINAL: Mapping[str, Shape] = {
    "list": {"elements": ListOf(DATA), "template": TEMPLATE, "elementsYaml": TEXT},
    "git": {
        "repoURL": TEXT,
        "directories": _PATHS,
        "files": _PATHS,
        "revision": TEXT,
        "requeueAfterSeconds": NUMBER,
        "template": TEMPLATE,
        "pathParamPrefix": TEXT,
        "values": TEXTS_BY_NAME,
    },
    "selector": _LABEL_SELECTOR,
    "clusters": DATA,
    "scmProvider": DATA,
    "clusterDecisionResource": DATA,
    "pullRequest": DATA,
    "plugin": DATA,
}


def _combining(inner: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """Return the generators, with those that combine `inner` ones."""
    return {
        **_TERMINAL,
        "matrix": {"generators": ListOf(inner), "template": TEMPLATE},
        "merge": {"generators": ListOf(inner), "mergeKeys": TEXTS, "template": TEMPLATE},
    }


APPLICATION_SET_SPEC: Mapping[str, Shape] = {
    "goTemplate": FLAG,
    "generators": ListOf(_combining(_combining(_TERMINAL))),
    "template": TEMPLATE,
    "syncPolicy": {"preserveResourcesOnDeletion": FLAG, "applicationsSync": TEXT},
    "strategy": DATA,
    "preservedFields": {"annotations": TEXTS, "labels": TEXTS},
    "goTemplateOptions": TEXTS,
    "applyNestedSelectors": FLAG,
    "ignoreApplicationDifferences": ListOf({"name": TEXT, "jsonPointers": TEXTS, "jqPathExpressions": TEXTS}),
    "templatePatch": TEXT,
}
