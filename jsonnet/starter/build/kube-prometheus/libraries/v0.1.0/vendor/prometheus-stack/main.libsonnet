// The monitoring of one cluster: component to object, made from the vars.
local k = import 'k8s.libsonnet';
local versions = import 'versions.libsonnet';

function(vars) {
  local config = vars { versions: versions },

  setup: { namespace: k.namespace(vars.namespace) },
  alertmanager: (import 'alertmanager.libsonnet')(config),
  general: {
    prometheusRule: k.prometheusRule(
      k.component('kube-prometheus', vars.namespace, 'exporter'),
      import 'rules/general.libsonnet'
    ),
  },
  grafana: (import 'grafana.libsonnet')(config),
  kubernetes: (import 'kubernetes.libsonnet')(config),
  kubeStateMetrics: (import 'kube-state-metrics.libsonnet')(config),
  nodeExporter: (import 'node-exporter.libsonnet')(config),
  prometheus: (import 'prometheus.libsonnet')(config),
}
