// Alerts on CronJobs that are late or suspended and Jobs that do not come to an end.
{
  _config+:: {
    selector: 'job="kube-state-metrics"',
    lateSeconds: 3600,
    runningHours: 12,
  },

  prometheusAlerts+:: {
    local config = $._config,
    groups: [
      {
        name: 'batch-jobs',
        rules: [
          {
            alert: 'CronJobLate',
            expr: |||
              time() - kube_cronjob_next_schedule_time{%(selector)s} > %(lateSeconds)d
              unless on (namespace, cronjob)
              kube_cronjob_spec_suspend{%(selector)s} == 1
            ||| % config,
            'for': '10m',
            labels: { severity: 'warning' },
            annotations: {
              summary: 'A CronJob did not start when it was due.',
              description: 'CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} is {{ $value | humanizeDuration }} late.',
            },
          },
          {
            alert: 'CronJobSuspended',
            expr: 'kube_cronjob_spec_suspend{%(selector)s} == 1' % config,
            'for': '7d',
            labels: { severity: 'info' },
            annotations: {
              summary: 'A CronJob has been suspended for a week.',
              description: 'CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} runs nothing; resume or remove it.',
            },
          },
          {
            alert: 'JobRunningLong',
            expr: |||
              time() - kube_job_status_start_time{%(selector)s} > %(runningHours)d * 3600
              and on (namespace, job_name)
              kube_job_status_active{%(selector)s} > 0
            ||| % config,
            labels: { severity: 'warning' },
            annotations: {
              summary: 'A Job has been running for long.',
              description: 'Job {{ $labels.namespace }}/{{ $labels.job_name }} has been running for {{ $value | humanizeDuration }}.',
            },
          },
        ],
      },
    ],
  },
}
