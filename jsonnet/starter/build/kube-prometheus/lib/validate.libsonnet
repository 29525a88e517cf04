// Checks the merged vars and returns them; the first one that is wrong ends the build with its text.
local platforms = ['kops', 'kubeadm', 'gke', 'eks', 'aks'];
local knownMixins = std.objectFields((import 'default_vars.libsonnet').addMixins);

local isName(value) = std.isString(value) && value != '';
local isTextList(value) = std.isArray(value) && std.all([std.isString(item) for item in value]);
local has(vars, name) = std.objectHas(vars, name);
// Values are shown as JSON, so that an empty text or a number is seen for what it is.
local shown(value) = std.manifestJsonMinified(value);

local resources = [
  'alertmanager_resources',
  'grafana_resources',
  'kube_state_metrics_resources',
  'node_exporter_resources',
  'prometheus_resources',
];
local notObjects(vars) = [name for name in resources if !std.isObject(vars[name])];

local mixinsUnknown(vars) = [name for name in std.objectFields(vars.addMixins) if !std.member(knownMixins, name)];
local mixinsNotBoolean(vars) = [name for name in std.objectFields(vars.addMixins) if !std.isBoolean(vars.addMixins[name])];

function(vars)
  assert std.isObject(vars) : 'the vars file must give an object';
  assert has(vars, 'platform') :
         'platform is missing: set it to one of ' + std.join(', ', platforms);
  assert std.member(platforms, vars.platform) :
         'platform must be one of ' + std.join(', ', platforms) + '; it is ' + shown(vars.platform);
  assert has(vars, 'kube_prometheus_version') && isName(vars.kube_prometheus_version) :
         'kube_prometheus_version is missing: set it to a release such as "v0.1.0"';
  assert isName(vars.namespace) : 'namespace must be a text; it is ' + shown(vars.namespace);
  assert isName(vars.prometheus.retention) :
         'prometheus.retention must be a text such as "15d"; it is ' + shown(vars.prometheus.retention);
  assert isName(vars.prometheus.storage.size) :
         'prometheus.storage.size must be a text such as "20Gi"; it is ' + shown(vars.prometheus.storage.size);
  assert isTextList(vars.prometheus_scrape_namespaces) :
         'prometheus_scrape_namespaces must be a list of texts';
  assert isTextList(vars.prometheus_scrape_default_namespaces) :
         'prometheus_scrape_default_namespaces must be a list of texts';
  assert std.isString(vars.grafana_ingress_host) && std.length(std.findSubstr('/', vars.grafana_ingress_host)) == 0 :
         'grafana_ingress_host must be a host name without scheme or path; it is ' + shown(vars.grafana_ingress_host);
  assert std.length(notObjects(vars)) == 0 :
         std.join(', ', notObjects(vars)) + ' must be an object with requests and limits';
  assert std.isObject(vars.addMixins) : 'addMixins must be an object: addMixins+: { name: true }';
  assert std.length(mixinsUnknown(vars)) == 0 :
         'addMixins names ' + std.join(', ', mixinsUnknown(vars)) + '; the mixins are ' + std.join(', ', knownMixins);
  assert std.length(mixinsNotBoolean(vars)) == 0 :
         'addMixins: ' + std.join(', ', mixinsNotBoolean(vars)) + ' must be true or false';
  vars
