// Metrics about the machines: one pod on every node.
local k = import 'k8s.libsonnet';

function(config)
  local version = config.versions.nodeExporter;
  local component = k.component('node-exporter', config.namespace, 'exporter', version);

  {
    daemonset: {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: component.metadata,
      spec: {
        selector: { matchLabels: component.selector },
        template: {
          metadata: { labels: component.labels },
          spec: {
            automountServiceAccountToken: false,
            containers: [{
              name: 'node-exporter',
              image: 'quay.io/prometheus/node-exporter:v' + version,
              args: [
                '--path.rootfs=/host',
                '--web.listen-address=:9100',
                '--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/k3s/containerd/.+|var/lib/kubelet/pods/.+)($|/)',
                // Pods come and go with their network devices; the machine's own remain.
                '--collector.netclass.ignored-devices=^(veth.*|cali.*|[a-f0-9]{15})$',
                '--collector.netdev.device-exclude=^(veth.*|cali.*|[a-f0-9]{15})$',
              ],
              ports: [{ name: 'metrics', containerPort: 9100, hostPort: 9100 }],
              resources: config.node_exporter_resources,
              securityContext: k.restricted { runAsUser: 65534 },
              volumeMounts: [{ name: 'root', mountPath: '/host', mountPropagation: 'HostToContainer', readOnly: true }],
            }],
            hostNetwork: true,
            hostPID: true,
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            serviceAccountName: component.name,
            // Every node is watched, also those that take no other work.
            tolerations: [{ operator: 'Exists' }],
            volumes: [{ name: 'root', hostPath: { path: '/' } }],
          },
        },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
      },
    },
    serviceAccount: k.serviceAccount(component),
    service: k.service(component, { metrics: 9100 }) { spec+: { clusterIP: 'None' } },
    serviceMonitor: k.serviceMonitor(component, [{
      interval: '30s',
      port: 'metrics',
      // A node is known by its name rather than by its address.
      relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'instance' }],
    }]),
    networkPolicy: k.networkPolicy(component, [{ names: ['prometheus'], ports: [9100] }]),
    prometheusRule: k.prometheusRule(component, import 'rules/nodes.libsonnet'),
  }
