// The few parts that the dashboards are made of.
local width = 12;
local height = 8;

{
  query(expr, legend):: {
    datasource: { type: 'prometheus', uid: 'prometheus' },
    expr: expr,
    legendFormat: legend,
  },

  graph(title, unit, queries):: {
    type: 'timeseries',
    title: title,
    datasource: { type: 'prometheus', uid: 'prometheus' },
    fieldConfig: { defaults: { unit: unit, min: 0 } },
    // Grafana tells the queries of a panel apart by letters.
    targets: [queries[i] { refId: std.char(std.codepoint('A') + i) } for i in std.range(0, std.length(queries) - 1)],
  },

  number(title, unit, query):: self.graph(title, unit, [query { instant: true }]) { type: 'stat' },

  // Panels are laid out in two columns, in the order in which they are given.
  dashboard(uid, title, panels):: {
    uid: uid,
    title: title,
    tags: ['starter'],
    schemaVersion: 39,
    timezone: 'utc',
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    panels: [
      panels[i] {
        id: i + 1,
        gridPos: { x: width * (i % 2), y: height * ((i - i % 2) / 2), w: width, h: height },
      }
      for i in std.range(0, std.length(panels) - 1)
    ],
  },
}
