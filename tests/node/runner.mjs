// Runs a workflow on this machine. Standard input says which and with what, standard output tells what became of it.
//
// It is GitHub's own parser and evaluator around a small runner: jobs in the order of `needs`, matrices, reusable
// workflows, permissions, and steps (steps.mjs). What it does not know is an error, never passed over.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isMet, parse, resolve, text, texts } from "./github.mjs";
import { Job, machine } from "./steps.mjs";

const LEVELS = ["none", "read", "write"];

class Run {
  constructor(request) {
    const nothing = { lines: [], annotations: [], secrets: [], used: new Set(), jobs: [], machines: 0 };
    Object.assign(this, { request, ...nothing });
    for (const secret of [...Object.values(request.secrets), request.github.token]) this.mask(secret);
  }

  /** Hide a value from the log, also as it travels in Basic authentication. */
  mask(secret) {
    if (secret) this.secrets.push(secret, Buffer.from(secret).toString("base64"));
  }

  masked(line) {
    return this.secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), line);
  }

  log(line) {
    this.lines.push(this.masked(line));
  }

  /** Take what a program printed: commands are obeyed, everything else is shown. */
  listen(printed) {
    let stopped;
    for (const line of printed.split("\n")) {
      const [, name, properties, message] = /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(line) ?? [];
      if (stopped) stopped = name === stopped ? undefined : stopped;
      else if (name === "stop-commands") stopped = message;
      else if (name === "add-mask") this.mask(message);
      else if (name) this.annotations.push({ level: name, properties: properties ?? "", message });
      this.log(line);
    }
  }

  /** The folder of an action or the file of a workflow of ours; nothing for those of others. */
  ours(uses, workspace) {
    const { root, name } = this.request;
    if (uses.startsWith("$/")) return join(root, uses.slice(2));
    if (uses.startsWith("./")) return join(workspace, uses);
    const [path, pin] = uses.split("@");
    if (!path.startsWith(`${name}/`)) return undefined;
    if (!pin) throw new Error(`${uses}: without a revision`);
    return join(root, path.slice(name.length + 1));
  }

  async workflow(path, { inputs, secrets, allowed, prefix, definitions }) {
    const { tree, errors } = await parse(path, { isAction: false });
    if (errors.length) throw new Error(`${path}: ${JSON.stringify(errors)}`);
    const { github, vars } = this.request;
    const contexts = { github, vars, secrets: { ...secrets, github_token: github.token }, inputs };
    const call = tree.find("on")?.find?.("workflow_call");
    if (definitions) contexts.inputs = checkedInputs(call, inputs, secrets, { contexts });
    const env = texts(tree.find("env"), { contexts });
    const rights = (job) => rightsOf(job.find("permissions") ?? tree.find("permissions"));
    // GitHub refuses a call for what any of its jobs asks, also for one that its condition would skip.
    for (const { key, value: job } of tree.find("jobs"))
      for (const [name, level] of Object.entries(rights(job) ?? {})) checkRight(prefix + key.value, name, level, allowed);
    const needs = {};
    for (const [id, job] of inOrder(tree.find("jobs"))) {
      const wanted = needsOf(job);
      const reached = Object.fromEntries(wanted.map((name) => [name, needs[name]]));
      const within = { ...contexts, needs: reached };
      needs[id] = await this.job(id, job, { contexts: within, env, rights: rights(job), allowed, prefix });
    }
    const outputs = call?.find?.("outputs") ? [...call.find("outputs")] : [];
    const scope = { contexts: { ...contexts, jobs: needs } };
    const values = outputs.map(({ key, value }) => [key.value, text(resolve(value.find("value"), scope))]);
    const failed = Object.values(needs).some(({ result }) => result === "failure");
    return { result: failed ? "failure" : "success", outputs: Object.fromEntries(values) };
  }

  async job(id, job, { contexts, env, rights, allowed, prefix }) {
    const results = Object.values(contexts.needs).map(({ result }) => result);
    const status = {
      success: results.every((one) => one === "success"),
      failure: results.includes("failure"),
      always: true,
      cancelled: false,
    };
    const told = { id: prefix + id, rights };
    if (!isMet(job.find("if"), { contexts, status })) {
      this.jobs.push({ ...told, result: "skipped", steps: [] });
      return { result: "skipped", outputs: {} };
    }
    if (job.find("uses")) return this.call(id, job, { contexts, rights: rights ?? allowed });
    const outputs = {};
    let result = "success";
    for (const matrix of combinations(job.find("strategy"), contexts)) {
      const one = await this.machine(job, { contexts: { ...contexts, matrix }, env, told });
      if (!one.isWell && !resolve(job.find("continue-on-error"), { contexts })) result = "failure";
      Object.assign(outputs, one.outputs);
    }
    return { result, outputs };
  }

  /** A job that calls a reusable workflow. */
  async call(id, job, { contexts, rights }) {
    const path = this.ours(job.find("uses").value, "");
    const inherits = job.find("secrets")?.value === "inherit";
    const secrets = inherits ? contexts.secrets : texts(job.find("secrets"), { contexts });
    const inputs = resolve(job.find("with"), { contexts }) ?? {};
    return this.workflow(path, { inputs, secrets, allowed: rights, prefix: `${id} / `, definitions: true });
  }

  /** One job of a matrix, or the job, on a machine of its own. */
  async machine(job, { contexts, env, told }) {
    const folder = join(this.request.folder, `machine-${(this.machines += 1)}`);
    const { workspace, temp } = machine(folder, this.request.installed);
    const own = { runner: { os: "Linux", temp, arch: "X64" }, job: { status: "success" }, strategy: {} };
    const whole = { ...contexts, ...own, github: { ...contexts.github, workspace } };
    const scope = { contexts: whole };
    const jobEnv = { ...env, ...texts(job.find("env"), scope) };
    const here = new Job(this, { workspace, temp, env: jobEnv, contexts: whole });
    const name = text(resolve(job.find("name"), scope));
    resolve(job.find("runs-on"), scope);
    const { isWell, steps } = await here.steps(job.find("steps"), { env: {}, contexts: {} });
    if (isWell) here.finish();
    const outputs = texts(job.find("outputs"), { contexts: { ...whole, steps } });
    // GitHub drops an output that holds a secret.
    const shown = Object.fromEntries(Object.entries(outputs).filter(([, value]) => this.masked(value) === value));
    const concurrency = resolve(job.find("concurrency"), scope);
    const result = isWell ? "success" : "failure";
    this.jobs.push({ ...told, name, concurrency, workspace, result, steps: here.done, outputs: shown });
    return { isWell, outputs: shown };
  }
}

/** The inputs of a reusable workflow with their defaults; unknown and missing ones are errors, as on GitHub. */
function checkedInputs(call, inputs, secrets, scope) {
  const defined = (kind) => (call?.find?.(kind) ? [...call.find(kind)] : []);
  for (const [kind, given] of Object.entries({ inputs, secrets })) {
    const known = defined(kind).map(({ key }) => key.value);
    const unknown = Object.keys(given).filter((name) => !known.includes(name) && name !== "github_token");
    if (unknown.length) throw new Error(`Invalid ${kind}, ${unknown} is not defined in the referenced workflow.`);
  }
  const values = defined("inputs").map(({ key, value: definition }) => {
    const type = definition.find("type").value;
    const fallback = resolve(definition.find("default"), scope);
    const value = inputs[key.value] ?? fallback ?? { string: "", boolean: false, number: 0 }[type];
    const required = definition.find("required")?.value === true;
    if (required && !(key.value in inputs)) throw new Error(`Input ${key.value} is required, but not provided.`);
    if (typeof value !== type) throw new Error(`Input ${key.value} is no ${type}: ${value}`);
    return [key.value, value];
  });
  return Object.fromEntries(values);
}

const needsOf = (job) => [resolve(job.find("needs"), {}) ?? []].flat();

/** The jobs, each after those that it needs. */
function inOrder(jobs) {
  const waiting = [...jobs].map(({ key, value }) => [key.value, value]);
  const done = [];
  while (waiting.length) {
    const next = waiting.findIndex(([, job]) => needsOf(job).every((name) => done.some(([id]) => id === name)));
    done.push(...waiting.splice(next, 1));
  }
  return done;
}

function rightsOf(token) {
  const found = token ? resolve(token, {}) : undefined;
  if (typeof found === "string") throw new Error(`permissions: ${found} is no list of rights`);
  return found;
}

/** A called workflow may not ask for more than the calling job has. */
function checkRight(job, name, level, allowed) {
  if (!allowed) return;
  const most = allowed[name] ?? "none";
  if (LEVELS.indexOf(most) < LEVELS.indexOf(level))
    throw new Error(
      `The nested job '${job}' is requesting '${name}: ${level}', but is only allowed '${name}: ${most}'.`,
    );
}

/** The jobs that a matrix stands for. */
function combinations(strategy, contexts) {
  const matrix = strategy ? resolve(strategy, { contexts }).matrix : undefined;
  if (!matrix) return [{}];
  const { include, exclude, ...keys } = matrix;
  if (exclude || (include && Object.keys(keys).length)) throw new Error("such a matrix is not played here");
  if (include) return include;
  return Object.entries(keys).reduce(
    (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

async function main() {
  let given = "";
  for await (const chunk of process.stdin) given += chunk;
  const request = JSON.parse(given);
  mkdirSync(request.folder, { recursive: true });
  const run = new Run(request);
  const { inputs, secrets, workflow } = request;
  const { result, outputs } = await run.workflow(workflow, { inputs, secrets, prefix: "" });
  const { jobs, lines, annotations } = run;
  console.log(
    JSON.stringify({ result, outputs, jobs, log: lines.join("\n"), annotations, used: [...run.used].sort() }),
  );
}

await main();
