// Runs the steps of one job as GitHub's runner does: environment, inputs, conditions, outputs, file commands,
// masks and annotations; composite actions of ours for real, the actions of others by what stands in for them.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMet, parse, resolve, text, texts } from "./github.mjs";
import { THIRD_PARTIES } from "./third-party.mjs";

const FILES = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"];
const TOLD_BY_GITHUB =
  "repository repository_owner sha ref ref_name server_url api_url event_name run_id actor".split(" ");
const NOT_THE_RUNNERS = /^(GITHUB|GITEA|FORGEJO|GITLAB|CI|RUNNER|INPUT|KUBEAID|OBMONDO|GH)(_|$)|_TOKEN$/;

/** One job on one machine. `env` and `path` are what its steps have set so far. */
export class Job {
  constructor(run, { workspace, temp, env, contexts }) {
    Object.assign(this, { run, workspace, temp, env, contexts, path: [], done: [], after: [], files: 0 });
  }

  /** Run steps one after another; gives whether all went well, and their contexts. */
  async steps(sequence, frame) {
    const steps = {};
    let isWell = true;
    for (const [number, step] of [...sequence].entries()) {
      const id = step.find("id")?.value ?? `__${number}`;
      const scope = this.#scope(frame, steps, isWell);
      if (!isMet(step.find("if"), scope)) {
        steps[id] = { outputs: {}, outcome: "skipped", conclusion: "skipped" };
        this.done.push({ id, name: this.#name(step, scope), outcome: "skipped", raw: "", summary: "" });
        continue;
      }
      const { outputs, ok } = await this.#step(id, step, frame, scope);
      const goesOn = resolve(step.find("continue-on-error"), scope) === true;
      steps[id] = {
        outputs,
        outcome: ok ? "success" : "failure",
        conclusion: ok || goesOn ? "success" : "failure",
      };
      isWell &&= ok || goesOn;
    }
    return { isWell, steps };
  }

  /** What actions wanted to do at the end of the job, the last first. */
  finish() {
    for (const act of this.after.reverse()) act();
  }

  #scope(frame, steps, isWell) {
    const contexts = { ...this.contexts, ...frame.contexts, steps, env: { ...this.env, ...frame.env } };
    return { contexts, status: { success: isWell, failure: !isWell, always: true, cancelled: false } };
  }

  #name(step, scope) {
    const shown = step.find("name") ?? step.find("uses") ?? step.find("run");
    return text(shown.isExpression ? resolve(shown, scope) : shown.value).split("\n")[0];
  }

  async #step(id, step, frame, scope) {
    const own = texts(step.find("env"), scope);
    const env = { ...scope.contexts.env, ...own };
    const inner = { ...scope, contexts: { ...scope.contexts, env } };
    const told = { id, name: this.#name(step, scope), raw: "", summary: "", outcome: "failure" };
    this.done.push(told);
    this.run.log(`Run ${told.name}`);
    const uses = step.find("uses")?.value;
    const within = { ...frame, env: { ...frame.env, ...own } };
    const done = uses
      ? await this.#use(uses, texts(step.find("with"), inner), within, inner)
      : this.#script(text(resolve(step.find("run"), inner)), text(step.find("shell")?.value), env, frame, told);
    told.outcome = done.ok ? "success" : "failure";
    return done;
  }

  #script(script, shell, env, frame, told) {
    if (shell && shell !== "bash") throw new Error(`no shell ${shell} here`);
    const stem = join(this.temp, `step-${(this.files += 1)}`);
    writeFileSync(`${stem}.sh`, script);
    const files = Object.fromEntries(FILES.map((name) => [name, `${stem}-${name}`]));
    for (const path of Object.values(files)) writeFileSync(path, "");
    for (const [name, value] of Object.entries(env)) this.run.log(`  ${name}: ${value}`);
    const options = shell ? ["--noprofile", "--norc", "-e", "-o", "pipefail"] : ["-e"];
    const ended = spawnSync("bash", ["-c", 'exec "$@" 2>&1', "-", "bash", ...options, `${stem}.sh`], {
      cwd: this.workspace,
      env: { ...this.#machine(frame), ...env, ...files },
      encoding: "utf8",
      timeout: 600_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    told.raw = ended.stdout ?? "";
    this.run.listen(told.raw);
    told.summary = readFileSync(files.GITHUB_STEP_SUMMARY, "utf8");
    Object.assign(this.env, named(files.GITHUB_ENV));
    this.path.unshift(...readFileSync(files.GITHUB_PATH, "utf8").split("\n").filter(Boolean).reverse());
    if (ended.status !== 0) this.run.log(`Error: Process completed with exit code ${ended.status}.`);
    return { outputs: named(files.GITHUB_OUTPUT), ok: ended.status === 0 };
  }

  /** The variables of the machine and of the runner itself. */
  #machine(frame) {
    const github = this.contexts.github;
    const told = TOLD_BY_GITHUB.map((name) => [`GITHUB_${name.toUpperCase()}`, text(github[name])]);
    const own = Object.entries(process.env).filter(([name]) => !NOT_THE_RUNNERS.test(name));
    return {
      ...Object.fromEntries([...own, ...told]),
      ...this.run.request.machine,
      PATH: [...this.path, process.env.PATH].join(":"),
      CI: "true",
      GITHUB_ACTIONS: "true",
      GITHUB_WORKSPACE: this.workspace,
      RUNNER_TEMP: this.temp,
      RUNNER_OS: "Linux",
      ...(frame.action ? { GITHUB_ACTION_PATH: frame.action } : {}),
    };
  }

  async #use(uses, given, frame, scope) {
    const folder = this.run.ours(uses, this.workspace);
    return folder ? this.#composite(folder, given, frame, scope) : this.#thirdParty(uses, given);
  }

  async #composite(folder, given, frame, scope) {
    const { tree, errors } = await parse(join(folder, "action.yml"), { isAction: true });
    if (errors.length) throw new Error(`${folder}: ${JSON.stringify(errors)}`);
    const definitions = tree.find("inputs") ? [...tree.find("inputs")] : [];
    const known = definitions.map(({ key }) => key.value);
    const unknown = Object.keys(given).filter((name) => !known.includes(name));
    if (unknown.length)
      this.run.log(`##[warning]Unexpected input(s) '${unknown.join("', '")}', valid inputs are [...]`);
    const defaults = definitions.map(({ key, value }) => [key.value, text(resolve(value.find("default"), scope))]);
    const github = { ...this.contexts.github, action_path: folder };
    const inner = {
      ...frame,
      action: folder,
      contexts: { inputs: { ...Object.fromEntries(defaults), ...given }, github, secrets: {} },
    };
    const { isWell, steps } = await this.steps(tree.find("runs").find("steps"), inner);
    const outputs = tree.find("outputs") ? [...tree.find("outputs")] : [];
    const outer = this.#scope(inner, steps, isWell);
    const values = outputs.map(({ key, value }) => [key.value, text(resolve(value.find("value"), outer))]);
    return { outputs: Object.fromEntries(values), ok: isWell };
  }

  #thirdParty(uses, given) {
    const [name, pin] = uses.split("@");
    const party = THIRD_PARTIES[name];
    if (!party || !/^[0-9a-f]{40}$/.test(pin))
      throw new Error(`${uses}: nothing stands in for it, or it is not pinned`);
    const unknown = Object.keys(given).filter((input) => !party.inputs.includes(input));
    if (unknown.length) throw new Error(`${uses}: takes no ${unknown}`);
    this.run.used.add(uses);
    for (const [input, value] of Object.entries(given)) this.run.log(`  ${input}: ${value}`);
    try {
      const { github } = this.contexts;
      const { app, store, machine } = this.run.request;
      const done = party.run(given, { github, workspace: this.workspace, app, store, home: machine.HOME });
      for (const secret of done.secrets ?? []) this.run.mask(secret);
      if (done.said) this.run.log(done.said);
      if (done.after) this.after.push(done.after);
      return { outputs: done.outputs, ok: true };
    } catch (error) {
      this.run.log(`Error: ${error.message} ${error.stderr ?? ""}`);
      return { outputs: {}, ok: false };
    }
  }
}

/** What is in a file of `name=value` and `name<<border` entries. */
function named(path) {
  const lines = readFileSync(path, "utf8").split("\n");
  const found = {};
  while (lines.length) {
    const line = lines.shift();
    if (!line) continue;
    const [, name, kind, rest] = /^([^=<]+)(=|<<)(.*)$/s.exec(line) ?? [];
    if (!name) throw new Error(`Invalid format '${line}'`);
    if (kind === "=") {
      found[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest);
    if (end < 0) throw new Error(`Matching delimiter not found '${rest}'`);
    found[name] = lines.slice(0, end).join("\n");
    lines.splice(0, end + 1);
  }
  return found;
}

/** A job's own folders; what was installed before is there again, as if the machine were quick. */
export function machine(folder, installed) {
  const [workspace, temp] = [join(folder, "workspace"), join(folder, "temp")];
  for (const path of [workspace, temp]) mkdirSync(path, { recursive: true });
  if (installed && existsSync(installed)) spawnSync("cp", ["--archive", "--no-target-directory", installed, temp]);
  return { workspace, temp };
}
