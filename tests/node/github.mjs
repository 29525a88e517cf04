// GitHub's own parser of workflows and actions, and its own evaluator of expressions.

import { readFileSync } from "node:fs";
import { register } from "node:module";

// The packages import JSON without the attribute that Node wants, as their bundlers do not mind.
register(
  "data:text/javascript," +
    encodeURIComponent(`
      import { readFileSync } from "node:fs";
      export const load = (url, context, next) =>
        url.endsWith(".json")
          ? { format: "module", shortCircuit: true, source: "export default " + readFileSync(new URL(url), "utf8") }
          : next(url, context);
    `),
);

const { Evaluator, Lexer, Parser, data } = await import("@actions/expressions");
const { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } =
  await import("@actions/workflow-parser");
const { parseAction } = await import("@actions/workflow-parser/actions/action-parser");
const { convertActionTemplate } = await import("@actions/workflow-parser/actions/action-template");
const { ErrorPolicy } = await import("@actions/workflow-parser/model/convert");
const { ensureStatusFunction } = await import("@actions/workflow-parser/model/converter/if-condition");

const trace = new NoOperationTraceWriter();

/** The tree of a workflow or an action, and what GitHub has to say against it. */
export async function parse(path, { isAction }) {
  const file = { name: path, content: readFileSync(path, "utf8") };
  const { context, value } = isAction ? parseAction(file, trace) : parseWorkflow(file, trace);
  if (value && isAction) convertActionTemplate(context, value, { errorPolicy: ErrorPolicy.TryConversion });
  if (value && !isAction)
    await convertWorkflowTemplate(context, value, undefined, { errorPolicy: ErrorPolicy.TryConversion });
  const errors = context.errors.getErrors();
  return { tree: value, errors: errors.map((error) => ({ message: error.rawMessage, ...error.range?.start })) };
}

/**
 * A tree as plain values; what is an expression is evaluated.
 *
 * In a block of lines with an expression this parser keeps the indentation that GitHub itself takes off.
 */
export function resolve(token, scope) {
  if (token === undefined) return undefined;
  if (token.isExpression) return plain(evaluate(token.expression, scope));
  if (token.isScalar) return token.value ?? null;
  if (typeof token.find !== "function") return [...items(token)].map((item) => resolve(item, scope));
  return Object.fromEntries([...token].map(({ key, value }) => [String(key.value), resolve(value, scope)]));
}

/** What an environment or an input gets: text. */
export const text = (value) => (value === null || value === undefined ? "" : String(value));

/** A mapping whose values are text. */
export function texts(token, scope) {
  const found = resolve(token, scope) ?? {};
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, text(value)]));
}

/** Whether a job or a step runs: GitHub adds `success() &&` where no status is asked for. */
export function isMet(token, scope) {
  const condition = token ? (token.isExpression ? token.expression : token.value) : "success()";
  const whole = token ? ensureStatusFunction(condition, token.definitionInfo) : condition;
  const value = plain(evaluate(whole, scope));
  return Boolean(value);
}

function evaluate(expression, { contexts, status }) {
  const functions = Object.entries(status ?? {}).map(([name, value]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  }));
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, known, new Map(functions.map((one) => [one.name, one]))).evaluate();
}

const plain = (value) => JSON.parse(JSON.stringify(value, data.replacer));

function* items(sequence) {
  for (let number = 0; number < sequence.count; number += 1) yield sequence.get(number);
}
