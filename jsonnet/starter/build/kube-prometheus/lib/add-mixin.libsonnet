// Turns a monitoring mixin into manifests, where the vars switch it on with `addMixins`.
//
// A mixin may have `prometheusAlerts`, `prometheusRules` (both with `groups`) and
// `grafanaDashboards` (file name to dashboard), and reads its settings from `_config`.
local k = import 'prometheus-stack/k8s.libsonnet';

local groupsOf(mixin, field) =
  if std.objectHasAll(mixin, field) then mixin[field].groups else [];

function(name, mixin, vars) {
  name: name,
  enabled: std.objectHas(vars.addMixins, name) && vars.addMixins[name],

  local settings = if std.objectHas(vars.mixin_configs, name) then vars.mixin_configs[name] else {},
  local configured = mixin { _config+:: settings },

  rules: k.prometheusRule(
    k.component(name, vars.namespace, 'monitoring-mixin'),
    groupsOf(configured, 'prometheusAlerts') + groupsOf(configured, 'prometheusRules')
  ) { metadata+: { name: name } },

  dashboards:
    if self.enabled && std.objectHasAll(configured, 'grafanaDashboards')
    then configured.grafanaDashboards
    else {},
}
