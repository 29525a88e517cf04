// What this release installs.
{
  alertmanager: '0.28.1',
  grafana: '12.1.0',
  kubeStateMetrics: '2.16.0',
  nodeExporter: '1.9.1',
  prometheus: '3.5.0',
}
