// Alertmanager: where alerts are grouped and sent on.
local k = import 'k8s.libsonnet';

function(config)
  local version = config.versions.alertmanager;
  // The operator reads its settings from the Secret `alertmanager-<name>`.
  local component = k.component('alertmanager', config.namespace, 'alert-router', version, 'alertmanager-main');
  local hasReceiver = config.alertmanager_webhook_url != '';

  local routing = {
    global: { resolve_timeout: '5m' },
    inhibit_rules: [
      // One alert for one trouble: what is critical silences its milder forms.
      {
        source_matchers: ['severity = critical'],
        target_matchers: ['severity =~ warning|info'],
        equal: ['namespace', 'alertname'],
      },
    ],
    receivers: [
      { name: 'nobody' },
      { name: 'default' }
      + (if hasReceiver then { webhook_configs: [{ url: config.alertmanager_webhook_url, send_resolved: true }] } else {}),
    ],
    route: {
      receiver: 'default',
      group_by: ['namespace', 'alertname'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '12h',
      routes: [{ matchers: ['severity = info'], receiver: 'nobody' }],
    },
  };

  {
    alertmanager: {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'Alertmanager',
      metadata: component.metadata { name: 'main' },
      spec: {
        image: 'quay.io/prometheus/alertmanager:v' + version,
        podMetadata: { labels: component.labels },
        replicas: config.alertmanager.replicas,
        resources: config.alertmanager_resources,
        retention: config.alertmanager.retention,
        securityContext: { fsGroup: 2000, runAsNonRoot: true, runAsUser: 1000 },
        serviceAccountName: component.name,
        version: version,
      },
    },
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: component.metadata,
      // JSON is YAML as well, and is written the same by every jsonnet engine.
      stringData: { 'alertmanager.yaml': std.manifestJsonEx(routing, '  ') },
      type: 'Opaque',
    },
    serviceAccount: k.serviceAccount(component),
    service: k.service(component, { web: 9093 }),
    serviceMonitor: k.serviceMonitor(component, [{ interval: '30s', port: 'web' }]),
    networkPolicy: k.networkPolicy(component, [{ names: ['prometheus'], ports: [9093] }]),
    prometheusRule: k.prometheusRule(component, import 'rules/alertmanager.libsonnet'),
  }
