// What stands in for the actions of others: as much of each as the workflows use, done for real where that is
// possible here. An input that is not listed is an error: the real one would ignore it with a warning.

import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** Each by its name: what it takes, and what it does; it gives outputs, and perhaps what it does after the job. */
export const THIRD_PARTIES = {
  "actions/checkout": {
    inputs: ["repository", "ref", "token", "path", "fetch-depth", "persist-credentials"],
    run: checkout,
  },
  "actions/setup-python": { inputs: ["python-version"], run: () => ({ outputs: {} }) },
  "actions/cache": { inputs: ["path", "key", "restore-keys"], run: cache },
  "actions/upload-artifact": { inputs: ["name", "path", "retention-days"], run: upload },
  "actions/download-artifact": { inputs: ["name", "pattern", "path", "merge-multiple"], run: download },
  "github/codeql-action/upload-sarif": { inputs: ["sarif_file", "category"], run: uploadSarif },
  "actions/create-github-app-token": {
    inputs: [
      "client-id",
      "private-key",
      "owner",
      "repositories",
      "permission-contents",
      "permission-pull-requests",
    ],
    run: appToken,
  },
};

function checkout(given, { github, workspace }) {
  const folder = join(workspace, given.path || ".");
  const repository = given.repository || github.repository;
  const own = repository === github.repository;
  const url = `${github.server_url}/${repository}`;
  const basic = Buffer.from(`x-access-token:${given.token || github.token}`).toString("base64");
  const header = [`http.${url}.extraHeader`, `Authorization: Basic ${basic}`];
  // Not as an argument: tests beside this one look whether any program of the machine shows a token in its own.
  const login = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: header[0], GIT_CONFIG_VALUE_0: header[1] };
  const run = (env, argv) =>
    execFileSync("git", argv, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
  const git = (...argv) => run({}, argv);
  const fetch = (...argv) => run(login, ["fetch", "--quiet", ...argv]);
  mkdirSync(folder, { recursive: true });
  git("init", "--quiet", ".");
  git("remote", "add", "origin", url);
  const wanted = given.ref || (own ? github.sha : "HEAD");
  const whole = given["fetch-depth"] === "0";
  if (whole) fetch("--tags", "origin", "+refs/heads/*:refs/remotes/origin/*");
  fetch("--no-tags", ...(whole ? [] : ["--depth=1"]), "origin", wanted);
  git("checkout", "--quiet", "--force", "FETCH_HEAD");
  if (given["persist-credentials"] !== "false") keep(folder, ...header);
  return { outputs: { commit: git("rev-parse", "HEAD").trim(), ref: wanted } };
}

function keep(folder, name, value) {
  const [, section, sub, key] = name.match(/^(\w+)\.(.*)\.(\w+)$/);
  appendFileSync(join(folder, ".git", "config"), `[${section} "${sub}"]\n\t${key} = ${value}\n`);
}

function cache(given, { store, home }) {
  const path = given.path.replace(/^~/, home);
  const folder = join(store, "caches");
  mkdirSync(folder, { recursive: true });
  const entry = (key) => join(folder, encodeURIComponent(key));
  const keys = (given["restore-keys"] ?? "").split("\n").map((key) => key.trim());
  const prefixes = keys.filter(Boolean).map(encodeURIComponent);
  const fitting = prefixes.flatMap((prefix) => readdirSync(folder).filter((name) => name.startsWith(prefix)));
  const hit = existsSync(entry(given.key));
  const found = hit ? entry(given.key) : fitting.length ? join(folder, fitting[0]) : undefined;
  if (found) cpSync(found, path, { recursive: true, preserveTimestamps: true });
  const after = () => {
    if (!hit && existsSync(path)) cpSync(path, entry(given.key), { recursive: true, preserveTimestamps: true });
  };
  const said = `restored ${found ? decodeURIComponent(basename(found)) : "nothing"}`;
  return { outputs: { "cache-hit": String(hit) }, after, said };
}

/** Where the artifacts of a run are. */
const artifacts = ({ store, github }) => join(store, "artifacts", github.run_id);

function upload(given, { store, github, workspace }) {
  const folder = join(artifacts({ store, github }), given.name);
  const from = resolve(workspace, given.path);
  if (!existsSync(from)) return { outputs: {}, said: `No files were found with the provided path: ${given.path}` };
  const isShown = (path) => path === from || !basename(path).startsWith(".");
  cpSync(from, folder, { recursive: true, filter: isShown, errorOnExist: true, force: false });
  return { outputs: {} };
}

function download(given, { store, github, workspace }) {
  const folder = artifacts({ store, github });
  if (given.name) {
    if (!existsSync(join(folder, given.name))) throw new Error(`Artifact not found for name: ${given.name}`);
    cpSync(join(folder, given.name), resolve(workspace, given.path), { recursive: true });
    return { outputs: {} };
  }
  if (given["merge-multiple"] !== "true") throw new Error("only merge-multiple is played here");
  const start = given.pattern.replace(/\*$/, "");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(start)) : [];
  mkdirSync(given.path, { recursive: true });
  for (const name of names) cpSync(join(folder, name), given.path, { recursive: true });
  return { outputs: {}, said: `downloaded ${names.length}` };
}

function uploadSarif(given, { github, workspace }) {
  const { version, runs } = JSON.parse(readFileSync(resolve(workspace, given.sarif_file), "utf8"));
  if (version !== "2.1.0") throw new Error(`${given.sarif_file}: not SARIF 2.1.0`);
  const found = runs.flatMap(({ results }) => results.map(({ ruleId }) => ruleId));
  return { outputs: {}, said: `code scanning of ${github.sha}, ${given.category}: ${found.join(" ")}` };
}

function appToken(given, { app, github }) {
  if (!given["client-id"] || !given["private-key"])
    throw new Error("[@octokit/auth-app] appId and privateKey are required");
  const owner = given.owner || github.repository_owner;
  const repositories = given.repositories || basename(github.repository);
  const rights = Object.entries(given).filter(([name]) => name.startsWith("permission-"));
  const asked = rights.map(([name, level]) => `${name.slice("permission-".length)}: ${level}`).join(", ");
  return {
    outputs: { token: app.token },
    secrets: [app.token],
    said: `token for ${owner}/${repositories}: ${asked}`,
  };
}
