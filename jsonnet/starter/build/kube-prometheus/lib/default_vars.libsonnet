// What a cluster gets where its vars file says nothing.
//
// `platform` and `kube_prometheus_version` have no default: every vars file names them.
// Nested settings are extended with `+:`, for example `prometheus+: { retention: '30d' }`.
{
  namespace: 'monitoring',

  prometheus: {
    replicas: 1,
    retention: '15d',
    scrape_interval: '30s',
    storage: {
      size: '20Gi',
      // Empty: the cluster's default storage class.
      classname: '',
    },
  },
  prometheus_resources: {
    requests: { cpu: '200m', memory: '512Mi' },
    limits: { memory: '2Gi' },
  },
  // Prometheus may read targets in these namespaces; a vars file replaces the second list.
  prometheus_scrape_default_namespaces: ['default', 'kube-system'],
  prometheus_scrape_namespaces: [],

  alertmanager: {
    replicas: 1,
    retention: '120h',
  },
  alertmanager_resources: {
    requests: { cpu: '10m', memory: '32Mi' },
    limits: { memory: '64Mi' },
  },
  // Where alerts are posted to; empty: they are only shown.
  alertmanager_webhook_url: '',

  grafana_resources: {
    requests: { cpu: '50m', memory: '128Mi' },
    limits: { memory: '256Mi' },
  },
  // The host name of Grafana's Ingress; empty: there is none.
  grafana_ingress_host: '',
  grafana_ingress_annotations: {},

  kube_state_metrics_resources: {
    requests: { cpu: '10m', memory: '64Mi' },
    limits: { memory: '128Mi' },
  },
  node_exporter_resources: {
    requests: { cpu: '20m', memory: '32Mi' },
    limits: { memory: '64Mi' },
  },

  addMixins: {
    'batch-jobs': false,
    'container-limits': false,
  },
  // Settings of a mixin by its name; they are merged into its `_config`.
  mixin_configs: {},
}
