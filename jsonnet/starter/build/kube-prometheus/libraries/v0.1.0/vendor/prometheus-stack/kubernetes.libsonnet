// The cluster's own parts: kubelets everywhere, the control plane where it can be reached.
local k = import 'k8s.libsonnet';

// On a managed platform the provider runs the control plane, out of Prometheus' sight.
local selfManaged = ['kops', 'kubeadm'];

local withToken = {
  bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  interval: '30s',
  scheme: 'https',
};

function(config)
  local monitor(name, endpoints, selector) = {
    local component = k.component(name, config.namespace, 'kubernetes'),
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: component.metadata,
    spec: {
      endpoints: endpoints,
      jobLabel: 'app.kubernetes.io/name',
      namespaceSelector: { matchNames: ['kube-system'] },
      selector: { matchLabels: selector },
    },
  };
  local kubelet(path) = withToken {
    honorLabels: true,
    path: path,
    port: 'https-metrics',
    // Kubelets serve a certificate that only their own node knows.
    tlsConfig: { insecureSkipVerify: true },
    relabelings: [{ action: 'replace', sourceLabels: ['__metrics_path__'], targetLabel: 'metrics_path' }],
  };

  {
    prometheusRule: k.prometheusRule(
      k.component('kubernetes', config.namespace, 'kubernetes'),
      import 'rules/kubernetes.libsonnet'
    ),
    serviceMonitorKubelet: monitor(
      'kubelet', [kubelet('/metrics'), kubelet('/metrics/cadvisor')], { 'app.kubernetes.io/name': 'kubelet' }
    ),
    serviceMonitorCoreDNS: monitor(
      'coredns', [{ interval: '30s', port: 'metrics' }], { 'k8s-app': 'kube-dns' }
    ) { spec+: { jobLabel: 'k8s-app' } },
  } + if !std.member(selfManaged, config.platform) then {} else {
    serviceMonitorKubeScheduler: monitor(
      'kube-scheduler',
      [withToken { port: 'https-metrics', tlsConfig: { insecureSkipVerify: true } }],
      { 'app.kubernetes.io/name': 'kube-scheduler' }
    ),
    kubeSchedulerPrometheusDiscoveryService: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kube-scheduler-prometheus-discovery',
        namespace: 'kube-system',
        labels: { 'app.kubernetes.io/name': 'kube-scheduler' },
      },
      spec: {
        clusterIP: 'None',
        ports: [{ name: 'https-metrics', port: 10259, targetPort: 10259 }],
        // The static pods of kops carry another label than those of kubeadm.
        selector: if config.platform == 'kops' then { 'k8s-app': 'kube-scheduler' } else { component: 'kube-scheduler' },
      },
    },
  }
