// How busy and how full the nodes are.
local panels = import 'panels.libsonnet';
local disks = 'job="node-exporter", fstype!~"tmpfs|ramfs|squashfs|overlay"';

panels.dashboard('nodes', 'Nodes', [
  panels.graph('CPU in use', 'percentunit', [
    panels.query('instance:node_cpu_busy:ratio_rate5m', '{{instance}}'),
  ]),
  panels.graph('Memory in use', 'percentunit', [
    panels.query('instance:node_memory_used:ratio', '{{instance}}'),
  ]),
  panels.graph('File systems, share used', 'percentunit', [
    panels.query('1 - node_filesystem_avail_bytes{' + disks + '} / node_filesystem_size_bytes{' + disks + '}', '{{instance}} {{mountpoint}}'),
  ]),
  panels.graph('Network', 'Bps', [
    panels.query('sum by (instance) (rate(node_network_receive_bytes_total{job="node-exporter", device!="lo"}[5m]))', '{{instance}} in'),
    panels.query('sum by (instance) (rate(node_network_transmit_bytes_total{job="node-exporter", device!="lo"}[5m]))', '{{instance}} out'),
  ]),
])
