// Prometheus: can it read its settings, evaluate rules and reach Alertmanager?
local config = { prometheus: 'job="prometheus"' };

[
  {
    name: 'prometheus',
    rules: [
      {
        alert: 'PrometheusSettingsRejected',
        expr: 'prometheus_config_last_reload_successful{%(prometheus)s} == 0' % config,
        'for': '10m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'Prometheus cannot load its settings.',
          description: 'Prometheus {{ $labels.namespace }}/{{ $labels.pod }} still runs with its previous settings.',
        },
      },
      {
        alert: 'PrometheusRulesFailing',
        expr: 'increase(prometheus_rule_evaluation_failures_total{%(prometheus)s}[10m]) > 0' % config,
        'for': '15m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'Rules cannot be evaluated.',
          description: 'Rules of group {{ $labels.rule_group }} fail in Prometheus {{ $labels.namespace }}/{{ $labels.pod }}.',
        },
      },
      {
        alert: 'PrometheusAlertsNotSent',
        expr: |||
          rate(prometheus_notifications_errors_total{%(prometheus)s}[10m])
          / rate(prometheus_notifications_sent_total{%(prometheus)s}[10m])
          > 0.05
        ||| % config,
        'for': '15m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'Alerts do not reach Alertmanager.',
          description: '{{ $value | humanizePercentage }} of the alerts from {{ $labels.pod }} to {{ $labels.alertmanager }} are lost.',
        },
      },
    ],
  },
]
