// Nodes: full disks, lost machines, memory and clocks.
local config = {
  node: 'job="node-exporter"',
  disk: 'job="node-exporter", fstype!~"tmpfs|ramfs|squashfs|overlay", mountpoint!=""',
};

[
  {
    name: 'nodes.recording',
    rules: [
      {
        record: 'instance:node_cpu_busy:ratio_rate5m',
        expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{%(node)s, mode="idle"}[5m]))' % config,
      },
      {
        record: 'instance:node_memory_used:ratio',
        expr: '1 - node_memory_MemAvailable_bytes{%(node)s} / node_memory_MemTotal_bytes{%(node)s}' % config,
      },
    ],
  },
  {
    name: 'nodes',
    rules: [
      {
        alert: 'NodeDown',
        expr: 'kube_node_status_condition{job="kube-state-metrics", condition="Ready", status="true"} == 0',
        'for': '10m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'A node is down.',
          description: 'Node {{ $labels.node }} has not been ready for 10 minutes.',
        },
      },
      {
        alert: 'NodeExporterDown',
        expr: 'up{%(node)s} == 0' % config,
        'for': '10m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A node is not measured.',
          description: 'The node exporter on {{ $labels.instance }} does not answer: its alerts on disks and memory are silent.',
        },
      },
      {
        alert: 'NodeFilesystemFillingUp',
        // Less than 30 % left and, at the pace of the last six hours, nothing in a day.
        expr: |||
          100 * node_filesystem_avail_bytes{%(disk)s} / node_filesystem_size_bytes{%(disk)s} < 30
          and
          predict_linear(node_filesystem_avail_bytes{%(disk)s}[6h], 24 * 60 * 60) < 0
          and
          node_filesystem_readonly{%(disk)s} == 0
        ||| % config,
        'for': '1h',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A file system will be full within a day.',
          description: '{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | printf "%.1f" }} % left and is filling up.',
        },
      },
      {
        alert: 'NodeFilesystemAlmostFull',
        expr: |||
          100 * node_filesystem_avail_bytes{%(disk)s} / node_filesystem_size_bytes{%(disk)s} < 5
          and
          node_filesystem_readonly{%(disk)s} == 0
        ||| % config,
        'for': '15m',
        labels: { severity: 'critical' },
        annotations: {
          summary: 'A file system is almost full.',
          description: '{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | printf "%.1f" }} % left.',
        },
      },
      {
        alert: 'NodeFilesystemInodesLow',
        expr: |||
          100 * node_filesystem_files_free{%(disk)s} / node_filesystem_files{%(disk)s} < 5
          and
          node_filesystem_readonly{%(disk)s} == 0
        ||| % config,
        'for': '30m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A file system runs out of inodes.',
          description: '{{ $labels.mountpoint }} on {{ $labels.instance }} has {{ $value | printf "%.1f" }} % of its inodes left.',
        },
      },
      {
        alert: 'NodeMemoryLow',
        expr: 'instance:node_memory_used:ratio > 0.95',
        'for': '15m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A node is short of memory.',
          description: 'Node {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory.',
        },
      },
      {
        alert: 'NodeClockWrong',
        expr: 'abs(node_timex_offset_seconds{%(node)s}) > 0.1 or node_timex_sync_status{%(node)s} == 0' % config,
        'for': '15m',
        labels: { severity: 'warning' },
        annotations: {
          summary: 'A clock is off or not synchronised.',
          description: 'The clock of node {{ $labels.instance }} is off or its time service does not run.',
        },
      },
    ],
  },
]
