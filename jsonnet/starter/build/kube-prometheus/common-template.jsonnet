// Builds every monitoring manifest of one cluster from its vars file.
//
// Each field of the result is one file: its name without `.yaml`, where a `/` makes a folder.
local addMixin = import 'lib/add-mixin.libsonnet';
local defaults = import 'lib/default_vars.libsonnet';
local rename = import 'lib/rename.libsonnet';
local validate = import 'lib/validate.libsonnet';
local stack = import 'prometheus-stack/main.libsonnet';

local vars = validate(defaults + std.extVar('vars'));

// An import is only read where its mixin is switched on: a change of a mixin then concerns the
// clusters that use it and no other.
local mixins = [
  addMixin('batch-jobs', import 'mixins/batch-jobs/mixin.libsonnet', vars),
  addMixin('container-limits', import 'mixins/container-limits/mixin.libsonnet', vars),
];

local monitoring = stack(vars {
  extraDashboards: { [file]: mixin.dashboards[file] for mixin in mixins for file in std.objectFields(mixin.dashboards) },
});

// Objects in `setup/` are to exist before the others are applied.
rename('setup/0namespace-', monitoring.setup)
+ rename('alertmanager-', monitoring.alertmanager)
+ rename('grafana-', monitoring.grafana)
+ rename('kube-prometheus-', monitoring.general)
+ rename('kube-state-metrics-', monitoring.kubeStateMetrics)
+ rename('kubernetes-', monitoring.kubernetes)
+ rename('node-exporter-', monitoring.nodeExporter)
+ rename('prometheus-', monitoring.prometheus)
+ { [mixin.name + '-prometheus-rules']: mixin.rules for mixin in mixins if mixin.enabled }
