"""The style sheet of the HTML report; colours follow the reader's choice of light or dark."""

STYLE = """\
:root {
  --page: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #5b6675; --line: #e0e4ea; --code: #f1f3f6;
  --error: #c62828; --warning: #a35f00; --info: #1862b5; --fine: #1f7a3d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --ink: #e4e9f0; --soft: #97a3b3; --line: #2c3542; --code: #222a35;
    --error: #ff7b72; --warning: #e3a34a; --info: #6cb2ff; --fine: #63c782;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
header { display: flex; align-items: baseline; justify-content: space-between; gap: 16px; }
h1 { margin: 0; font-size: 24px; font-weight: 400; }
h2 { margin: 36px 0 12px; font-size: 18px; }
h3 { margin: 0; font: 600 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
h4 { margin: 16px 0 6px; font-size: 15px; }
.version, .help, .name, .count { color: var(--soft); }
.count { font-weight: 400; }
.origin { margin: 6px 0 20px; color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
.lead { margin: 4px 0; overflow-wrap: anywhere; }
.lead:first-of-type, .origin + .lead { font-size: 18px; font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 20px; }
.tile { display: flex; flex-direction: column; justify-content: flex-end; min-width: 92px; max-width: 100%;
  padding: 8px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.figure { font-size: 22px; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
.figure.small { font-size: 15px; }
.name { font-size: 13px; }
.tile.errors .figure { color: var(--error); }
.tile.warnings .figure { color: var(--warning); }
.tile.infos .figure { color: var(--info); }
.tile.fine .figure { color: var(--fine); }
article, details.section, section > .wide { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
article { margin-bottom: 12px; padding: 14px 18px; border-left-width: 4px; }
section.error article { border-left-color: var(--error); }
section.warning article { border-left-color: var(--warning); }
section.info article { border-left-color: var(--info); }
section.error h3 { color: var(--error); }
section.warning h3 { color: var(--warning); }
section.info h3 { color: var(--info); }
.help { margin: 2px 0 8px; font-size: 14px; }
article ul { margin: 0; padding: 0; list-style: none; }
article li { padding: 8px 0; border-top: 1px solid var(--line); }
article li:last-child { padding-bottom: 0; }
.where { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; font-size: 14px; color: var(--soft);
  overflow-wrap: anywhere; }
.where b { font-weight: 500; }
.message { font-weight: 500; overflow-wrap: anywhere; }
.silence { margin: 20px 0 0; color: var(--fine); font-weight: 600; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
.place { color: var(--soft); }
pre { margin: 8px 0; padding: 10px 12px; overflow-x: auto; background: var(--code); border-radius: 6px; }
.plus { color: var(--fine); } .minus { color: var(--error); } .hunk { color: var(--info); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 8px 14px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-size: 13px; font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
details.section { margin-top: 10px; padding: 0 18px; }
summary { padding: 10px 0; font-weight: 600; cursor: pointer; overflow-wrap: anywhere; }
details.section > div { padding-bottom: 16px; overflow-wrap: anywhere; }
details details { border-top: 1px solid var(--line); }
details details > summary { padding: 6px 0; font-weight: 500; font-size: 14px; }
details li { margin: 2px 0; }
details ul, details ol { margin: 6px 0; padding-left: 22px; }
blockquote { margin: 8px 0; padding: 2px 12px; border-left: 3px solid var(--line); color: var(--soft); }
a { color: var(--info); }
@media print { body { background: none; } article, .tile { break-inside: avoid; } }
"""
