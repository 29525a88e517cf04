// Grafana with the cluster's Prometheus as its source and the dashboards of this release.
local k = import 'k8s.libsonnet';

function(config)
  local version = config.versions.grafana;
  local component = k.component('grafana', config.namespace, 'grafana', version);
  local inFolder(suffix) = component.metadata { name: 'grafana-' + suffix };
  local json(value) = std.manifestJsonEx(value, '  ');

  local dashboards = {
    'nodes.json': import 'starter-dashboards/nodes.libsonnet',
    'workloads.json': import 'starter-dashboards/workloads.libsonnet',
  } + config.extraDashboards;
  local mapOf(file) = 'grafana-dashboard-' + std.strReplace(file, '.json', '');

  local sources = {
    apiVersion: 1,
    datasources: [{
      name: 'prometheus',
      uid: 'prometheus',
      type: 'prometheus',
      access: 'proxy',
      url: 'http://prometheus-k8s.' + config.namespace + '.svc:9090',
      editable: false,
    }],
  };
  local providers = {
    apiVersion: 1,
    providers: [{
      name: 'starter',
      type: 'file',
      folder: 'Default',
      options: { path: '/dashboards' },
    }],
  };

  // Each volume with where it is mounted; dashboards come from one ConfigMap each.
  local volumes = [
    { volume: { name: 'data', emptyDir: {} }, path: '/var/lib/grafana' },
    { volume: { name: 'tmp', emptyDir: {} }, path: '/tmp' },
    {
      volume: { name: 'datasources', secret: { secretName: 'grafana-datasources' } },
      path: '/etc/grafana/provisioning/datasources',
    },
    {
      volume: { name: 'providers', configMap: { name: 'grafana-dashboards' } },
      path: '/etc/grafana/provisioning/dashboards',
    },
  ] + [
    { volume: { name: mapOf(file), configMap: { name: mapOf(file) } }, path: '/dashboards/' + std.strReplace(file, '.json', '') }
    for file in std.objectFields(dashboards)
  ];

  {
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: component.metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: component.selector },
        template: {
          metadata: {
            // Grafana reads its sources at start only: a change of them starts new pods.
            annotations: { 'checksum/grafana-datasources': std.md5(json(sources)) },
            labels: component.labels,
          },
          spec: {
            automountServiceAccountToken: false,
            containers: [{
              name: 'grafana',
              image: 'docker.io/grafana/grafana:' + version,
              [if config.grafana_ingress_host != '' then 'env']: [
                { name: 'GF_SERVER_ROOT_URL', value: 'https://' + config.grafana_ingress_host },
              ],
              ports: [{ name: 'http', containerPort: 3000 }],
              readinessProbe: { httpGet: { path: '/api/health', port: 'http' } },
              resources: config.grafana_resources,
              securityContext: k.restricted,
              volumeMounts: [{ name: entry.volume.name, mountPath: entry.path } for entry in volumes],
            }],
            securityContext: { fsGroup: 65534, runAsGroup: 65534, runAsNonRoot: true, runAsUser: 65534 },
            serviceAccountName: component.name,
            volumes: [entry.volume for entry in volumes],
          },
        },
      },
    },
    dashboardDatasources: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: inFolder('datasources'),
      stringData: { 'datasources.yaml': json(sources) },
      type: 'Opaque',
    },
    dashboardSources: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: inFolder('dashboards'),
      data: { 'dashboards.yaml': json(providers) },
    },
    dashboardDefinitions: {
      apiVersion: 'v1',
      kind: 'ConfigMapList',
      items: [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: component.metadata { name: mapOf(file) },
          data: { [file]: json(dashboards[file]) },
        }
        for file in std.objectFields(dashboards)
      ],
    },
    serviceAccount: k.serviceAccount(component),
    service: k.service(component, { http: 3000 }),
    serviceMonitor: k.serviceMonitor(component, [{ interval: '30s', port: 'http' }]),
    networkPolicy: k.networkPolicy(
      component,
      // With an Ingress its controller comes in from a namespace that is not ours to know.
      if config.grafana_ingress_host == '' then [{ names: ['prometheus'], ports: [3000] }] else [{ ports: [3000] }]
    ),
    [if config.grafana_ingress_host != '' then 'ingress']: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: component.metadata { annotations: config.grafana_ingress_annotations },
      spec: {
        rules: [{
          host: config.grafana_ingress_host,
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'grafana', port: { name: 'http' } } } }],
          },
        }],
        tls: [{ hosts: [config.grafana_ingress_host], secretName: 'grafana-tls' }],
      },
    },
  }
