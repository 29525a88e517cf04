// Alerts on containers that their own limits hold back, with a dashboard to look closer.
local panels = import 'starter-dashboards/panels.libsonnet';

{
  _config+:: {
    cadvisorSelector: 'job="kubelet", metrics_path="/metrics/cadvisor", container!=""',
    stateSelector: 'job="kube-state-metrics"',
    throttledPercent: 50,
    memoryPercent: 95,
  },

  prometheusAlerts+:: {
    local config = $._config,
    groups: [
      {
        name: 'container-limits',
        rules: [
          {
            alert: 'ContainerThrottled',
            expr: |||
              100
              * sum by (namespace, pod, container) (increase(container_cpu_cfs_throttled_periods_total{%(cadvisorSelector)s}[10m]))
              / sum by (namespace, pod, container) (increase(container_cpu_cfs_periods_total{%(cadvisorSelector)s}[10m]))
              > %(throttledPercent)d
            ||| % config,
            'for': '30m',
            labels: { severity: 'info' },
            annotations: {
              summary: 'A container is slowed down by its CPU limit.',
              description: 'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} was throttled in {{ $value | printf "%.0f" }} % of its periods.',
            },
          },
          {
            alert: 'ContainerMemoryNearLimit',
            expr: |||
              100 * container:memory_working_set:bytes
              / on (namespace, pod, container)
              container:memory_limit:bytes
              > %(memoryPercent)d
            ||| % config,
            'for': '15m',
            labels: { severity: 'warning' },
            annotations: {
              summary: 'A container is about to run out of memory.',
              description: 'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} uses {{ $value | printf "%.0f" }} % of its memory limit.',
            },
          },
          {
            alert: 'ContainerOutOfMemory',
            expr: |||
              kube_pod_container_status_last_terminated_reason{%(stateSelector)s, reason="OOMKilled"} == 1
              and on (namespace, pod, container)
              increase(kube_pod_container_status_restarts_total{%(stateSelector)s}[30m]) > 0
            ||| % config,
            labels: { severity: 'warning' },
            annotations: {
              summary: 'A container was killed for want of memory.',
              description: 'Container {{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} exceeded its memory limit and was restarted.',
            },
          },
        ],
      },
    ],
  },

  prometheusRules+:: {
    local config = $._config,
    groups: [
      {
        name: 'container-limits.recording',
        rules: [
          {
            record: 'container:memory_working_set:bytes',
            expr: 'sum by (namespace, pod, container) (container_memory_working_set_bytes{%(cadvisorSelector)s})' % config,
          },
          {
            record: 'container:memory_limit:bytes',
            expr: 'sum by (namespace, pod, container) (kube_pod_container_resource_limits{%(stateSelector)s, resource="memory"})' % config,
          },
        ],
      },
    ],
  },

  grafanaDashboards+:: {
    'container-limits.json': panels.dashboard('container-limits', 'Container limits', [
      panels.graph('Memory in use, of its limit', 'percentunit', [
        panels.query('container:memory_working_set:bytes / on (namespace, pod, container) container:memory_limit:bytes', '{{pod}} {{container}}'),
      ]),
      panels.graph('Out of memory restarts', 'short', [
        panels.query('sum by (namespace) (kube_pod_container_status_last_terminated_reason{reason="OOMKilled"})', '{{namespace}}'),
      ]),
    ]),
  },
}
