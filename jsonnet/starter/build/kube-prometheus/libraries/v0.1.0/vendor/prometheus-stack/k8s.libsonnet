// Makers of the objects that several components have.
{
  // What the objects of a component share. They are called like it, unless `object` says otherwise.
  component(name, namespace, role, version=null, object=name):: {
    local component = self,
    name: object,
    namespace: namespace,
    // Never with the version: a selector cannot be changed once its workload exists.
    selector: {
      'app.kubernetes.io/component': role,
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/part-of': 'kube-prometheus',
    },
    labels: self.selector + (if version == null then {} else { 'app.kubernetes.io/version': version }),
    metadata: { name: object, namespace: namespace, labels: component.labels },
    // Objects outside of any namespace.
    clusterMetadata: { name: object, labels: component.labels },
  },

  namespace(name):: {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: name,
      // The node exporter reads the host's file systems, which a stricter level would refuse.
      labels: { 'pod-security.kubernetes.io/warn': 'privileged', 'pod-security.kubernetes.io/warn-version': 'latest' },
    },
  },

  serviceAccount(component):: {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: component.metadata,
    automountServiceAccountToken: false,
  },

  service(component, ports):: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: component.metadata,
    spec: {
      ports: [{ name: port, port: ports[port], targetPort: port } for port in std.objectFields(ports)],
      selector: component.selector,
    },
  },

  serviceMonitor(component, endpoints):: {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: component.metadata,
    spec: {
      endpoints: endpoints,
      jobLabel: 'app.kubernetes.io/name',
      selector: { matchLabels: component.selector },
    },
  },

  // Pods may go anywhere and are reached by the given peers, on the given ports, alone.
  networkPolicy(component, rules):: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: component.metadata,
    spec: {
      egress: [{}],
      ingress: [
        { ports: [{ port: port, protocol: 'TCP' } for port in rule.ports] }
        + (if std.objectHas(rule, 'names') then { from: [$.podsNamed(name) for name in rule.names] } else {})
        for rule in rules
      ],
      podSelector: { matchLabels: component.selector },
      policyTypes: ['Egress', 'Ingress'],
    },
  },

  podsNamed(name):: { podSelector: { matchLabels: { 'app.kubernetes.io/name': name } } },

  clusterRole(component, rules):: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: component.clusterMetadata,
    rules: rules,
  },

  clusterRoleBinding(component):: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: component.clusterMetadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: component.name },
    subjects: [{ kind: 'ServiceAccount', name: component.name, namespace: component.namespace }],
  },

  prometheusRule(component, groups):: {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: component.metadata {
      name: component.name + '-rules',
      labels+: { prometheus: 'k8s', role: 'alert-rules' },
    },
    spec: { groups: groups },
  },

  read(groups, resources, verbs=['get', 'list', 'watch']):: {
    apiGroups: groups,
    resources: resources,
    verbs: verbs,
  },

  // What every container of ours can do without.
  restricted:: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
}
