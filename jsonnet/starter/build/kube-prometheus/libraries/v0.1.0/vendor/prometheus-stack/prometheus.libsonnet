// Prometheus itself, and what it may see.
local k = import 'k8s.libsonnet';

function(config)
  local version = config.versions.prometheus;
  // The operator calls the workload of a Prometheus `k8s` `prometheus-k8s`; all else is called so too.
  local component = k.component('prometheus', config.namespace, 'prometheus', version, 'prometheus-k8s');
  local namespaces = std.set(
    [config.namespace] + config.prometheus_scrape_default_namespaces + config.prometheus_scrape_namespaces
  );
  local inNamespace(namespace) = component.metadata { namespace: namespace };

  {
    prometheus: {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'Prometheus',
      metadata: component.metadata { name: 'k8s' },
      spec: {
        alerting: {
          alertmanagers: [{ apiVersion: 'v2', name: 'alertmanager-main', namespace: config.namespace, port: 'web' }],
        },
        image: 'quay.io/prometheus/prometheus:v' + version,
        // Empty selectors match all: whatever is in the cluster is watched.
        podMonitorNamespaceSelector: {},
        podMonitorSelector: {},
        probeNamespaceSelector: {},
        probeSelector: {},
        ruleNamespaceSelector: {},
        ruleSelector: {},
        serviceMonitorNamespaceSelector: {},
        serviceMonitorSelector: {},
        podMetadata: { labels: component.labels },
        replicas: config.prometheus.replicas,
        resources: config.prometheus_resources,
        retention: config.prometheus.retention,
        scrapeInterval: config.prometheus.scrape_interval,
        securityContext: { fsGroup: 2000, runAsNonRoot: true, runAsUser: 1000 },
        serviceAccountName: component.name,
        storage: {
          volumeClaimTemplate: {
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: config.prometheus.storage.size } },
              [if config.prometheus.storage.classname != '' then 'storageClassName']: config.prometheus.storage.classname,
            },
          },
        },
        version: version,
      },
    },
    // The operator mounts the account's token where it is needed.
    serviceAccount: k.serviceAccount(component) { automountServiceAccountToken: true },
    service: k.service(component, { web: 9090 }),
    serviceMonitor: k.serviceMonitor(component, [{ interval: '30s', port: 'web' }]),
    networkPolicy: k.networkPolicy(component, [{ names: ['prometheus', 'grafana'], ports: [9090] }]),
    prometheusRule: k.prometheusRule(component, import 'rules/prometheus.libsonnet'),

    clusterRole: k.clusterRole(component, [
      k.read([''], ['nodes/metrics'], ['get']),
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]),
    clusterRoleBinding: k.clusterRoleBinding(component),

    // One Role and one binding for each namespace, rather than the right to look everywhere.
    roleSpecificNamespaces: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleList',
      items: [
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: inNamespace(namespace),
          rules: [
            k.read([''], ['services', 'endpoints', 'pods']),
            k.read(['discovery.k8s.io'], ['endpointslices']),
          ],
        }
        for namespace in namespaces
      ],
    },
    roleBindingSpecificNamespaces: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBindingList',
      items: [
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: inNamespace(namespace),
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: component.name },
          subjects: [{ kind: 'ServiceAccount', name: component.name, namespace: config.namespace }],
        }
        for namespace in namespaces
      ],
    },
  }
