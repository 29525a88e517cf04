// Whether monitoring itself is alive.
[
  {
    name: 'general',
    rules: [
      {
        alert: 'Watchdog',
        expr: 'vector(1)',
        labels: { severity: 'none' },
        annotations: {
          summary: 'Alerting works.',
          description: 'This alert is always firing: where it stops to arrive, alerts are lost on their way.',
        },
      },
      {
        alert: 'PrometheusTargetMissing',
        expr: |||
          100 * count by (namespace, job) (up == 0) / count by (namespace, job) (up) > 10
        |||,
        'for': '10m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'Targets cannot be scraped.',
          description: '{{ $value | printf "%.0f" }} % of the targets of job {{ $labels.job }} in namespace {{ $labels.namespace }} do not answer.',
        },
      },
      {
        alert: 'PrometheusJobMissing',
        expr: |||
          absent(up{job="node-exporter"})
          or absent(up{job="kube-state-metrics"})
          or absent(up{job="kubelet"})
        |||,
        'for': '15m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'A whole job has vanished from monitoring.',
          description: 'Prometheus has found no target of job {{ $labels.job }} for 15 minutes; alerts that rest on it are silent.',
        },
      },
    ],
  },
]
