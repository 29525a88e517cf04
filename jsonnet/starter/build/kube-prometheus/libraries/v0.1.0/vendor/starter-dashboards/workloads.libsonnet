// What runs in the cluster, and what does not run as it should.
local panels = import 'panels.libsonnet';

panels.dashboard('workloads', 'Workloads', [
  panels.number('Pods running', 'short', panels.query('sum(kube_pod_status_phase{job="kube-state-metrics", phase="Running"})', '')),
  panels.number('Pods not running', 'short', panels.query('sum(kube_pod_status_phase{job="kube-state-metrics", phase=~"Pending|Unknown|Failed"})', '')),
  panels.graph('Restarts per hour', 'short', [
    panels.query('sum by (namespace) (increase(kube_pod_container_status_restarts_total{job="kube-state-metrics"}[1h]))', '{{namespace}}'),
  ]),
  panels.graph('Volumes, share used', 'percentunit', [
    panels.query(
      '1 - kubelet_volume_stats_available_bytes{job="kubelet"} / kubelet_volume_stats_capacity_bytes{job="kubelet"}',
      '{{namespace}}/{{persistentvolumeclaim}}'
    ),
  ]),
  panels.graph('CPU by namespace', 'short', [
    panels.query('sum by (namespace) (rate(container_cpu_usage_seconds_total{job="kubelet", container!=""}[5m]))', '{{namespace}}'),
  ]),
  panels.graph('Memory by namespace', 'bytes', [
    panels.query('sum by (namespace) (container_memory_working_set_bytes{job="kubelet", container!=""})', '{{namespace}}'),
  ]),
])
