// Metrics about the objects of the cluster.
local k = import 'k8s.libsonnet';

function(config)
  local version = config.versions.kubeStateMetrics;
  local component = k.component('kube-state-metrics', config.namespace, 'exporter', version);

  {
    clusterRole: k.clusterRole(component, [
      k.read(
        [''],
        [
          'configmaps',
          'endpoints',
          'limitranges',
          'namespaces',
          'nodes',
          'persistentvolumeclaims',
          'persistentvolumes',
          'pods',
          'resourcequotas',
          'services',
        ],
        ['list', 'watch']
      ),
      k.read(['apps'], ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], ['list', 'watch']),
      k.read(['batch'], ['cronjobs', 'jobs'], ['list', 'watch']),
      k.read(['networking.k8s.io'], ['ingresses', 'networkpolicies'], ['list', 'watch']),
      k.read(['storage.k8s.io'], ['storageclasses', 'volumeattachments'], ['list', 'watch']),
    ]),
    clusterRoleBinding: k.clusterRoleBinding(component),
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: component.metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: component.selector },
        template: {
          metadata: { labels: component.labels },
          spec: {
            automountServiceAccountToken: true,
            containers: [{
              name: 'kube-state-metrics',
              image: 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v' + version,
              ports: [
                { name: 'metrics', containerPort: 8080 },
                { name: 'telemetry', containerPort: 8081 },
              ],
              livenessProbe: { httpGet: { path: '/livez', port: 'metrics' } },
              readinessProbe: { httpGet: { path: '/readyz', port: 'telemetry' } },
              resources: config.kube_state_metrics_resources,
              securityContext: k.restricted { runAsUser: 65534 },
            }],
            serviceAccountName: component.name,
          },
        },
      },
    },
    serviceAccount: k.serviceAccount(component),
    service: k.service(component, { metrics: 8080, telemetry: 8081 }) { spec+: { clusterIP: 'None' } },
    serviceMonitor: k.serviceMonitor(component, [
      // Its metrics carry the labels of the objects they are about.
      { honorLabels: true, interval: '30s', port: 'metrics' },
      { interval: '30s', port: 'telemetry' },
    ]),
    networkPolicy: k.networkPolicy(component, [{ names: ['prometheus'], ports: [8080, 8081] }]),
  }
