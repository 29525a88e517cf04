// Workloads, jobs and volumes.
local config = {
  state: 'job="kube-state-metrics"',
  kubelet: 'job="kubelet"',
};

[
  {
    name: 'workloads',
    rules: [
      {
        alert: 'PodCrashLooping',
        expr: 'increase(kube_pod_container_status_restarts_total{%(state)s}[15m]) > 2' % config,
        'for': '15m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A container starts again and again.',
          description: 'Container {{ $labels.container }} of pod {{ $labels.namespace }}/{{ $labels.pod }} was restarted {{ $value | printf "%.0f" }} times in 15 minutes.',
        },
      },
      {
        alert: 'PodNotStarting',
        expr: 'sum by (namespace, pod) (kube_pod_status_phase{%(state)s, phase=~"Pending|Unknown"}) > 0' % config,
        'for': '20m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A pod does not start.',
          description: 'Pod {{ $labels.namespace }}/{{ $labels.pod }} has been waiting for 20 minutes.',
        },
      },
      {
        alert: 'DeploymentIncomplete',
        expr: |||
          kube_deployment_spec_replicas{%(state)s} > kube_deployment_status_replicas_available{%(state)s}
        ||| % config,
        'for': '20m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A Deployment has fewer pods than it asks for.',
          description: 'Deployment {{ $labels.namespace }}/{{ $labels.deployment }} has not had all of its pods for 20 minutes.',
        },
      },
      {
        alert: 'DaemonSetIncomplete',
        expr: |||
          kube_daemonset_status_desired_number_scheduled{%(state)s}
          - kube_daemonset_status_number_ready{%(state)s}
          > 0
        ||| % config,
        'for': '20m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A DaemonSet does not run on all of its nodes.',
          description: 'DaemonSet {{ $labels.namespace }}/{{ $labels.daemonset }} lacks {{ $value }} pods.',
        },
      },
      {
        alert: 'JobFailed',
        expr: 'kube_job_failed{%(state)s, condition="true"} > 0' % config,
        'for': '5m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A Job failed.',
          description: 'Job {{ $labels.namespace }}/{{ $labels.job_name }} failed; remove it once its cause is found.',
        },
      },
    ],
  },
  {
    name: 'volumes',
    rules: [
      {
        alert: 'PersistentVolumeFillingUp',
        expr: |||
          100 * kubelet_volume_stats_available_bytes{%(kubelet)s} / kubelet_volume_stats_capacity_bytes{%(kubelet)s} < 20
          and
          kubelet_volume_stats_used_bytes{%(kubelet)s} > 0
          and
          predict_linear(kubelet_volume_stats_available_bytes{%(kubelet)s}[6h], 3 * 24 * 60 * 60) < 0
        ||| % config,
        'for': '1h',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A volume will be full within three days.',
          description: 'The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | printf "%.1f" }} % left and is filling up.',
        },
      },
      {
        // The same trouble, further on: told apart by its severity.
        alert: 'PersistentVolumeFillingUp',
        expr: |||
          100 * kubelet_volume_stats_available_bytes{%(kubelet)s} / kubelet_volume_stats_capacity_bytes{%(kubelet)s} < 3
          and
          kubelet_volume_stats_used_bytes{%(kubelet)s} > 0
        ||| % config,
        'for': '5m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'A volume is almost full.',
          description: 'The volume of {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} has {{ $value | printf "%.1f" }} % left.',
        },
      },
    ],
  },
]
