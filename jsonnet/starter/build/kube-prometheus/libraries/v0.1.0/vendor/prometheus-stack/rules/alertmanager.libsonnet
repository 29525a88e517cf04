// Alertmanager: does it accept its settings and deliver what it is given?
[
  {
    name: 'alertmanager',
    rules: [
      {
        alert: 'AlertmanagerSettingsRejected',
        expr: 'alertmanager_config_last_reload_successful{job="alertmanager"} == 0',
        'for': '10m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'Alertmanager cannot load its settings.',
          description: 'Alertmanager {{ $labels.namespace }}/{{ $labels.pod }} still runs with its previous settings.',
        },
      },
      {
        alert: 'AlertmanagerNotDelivering',
        expr: 'increase(alertmanager_notifications_failed_total{job="alertmanager"}[15m]) > 0',
        'for': '15m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'Notifications cannot be delivered.',
          description: 'Alertmanager {{ $labels.namespace }}/{{ $labels.pod }} fails to notify by {{ $labels.integration }}.',
        },
      },
    ],
  },
]
