/** What holds for the files as they are served. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const web = new URL("../", import.meta.url);
const read = (path) => readFileSync(new URL(path, web), "utf8");

test("the client is smaller than 8 kB, compressed", () => {
  const names = readdirSync(new URL("client/", web)).filter((name) => name.endsWith(".js"));
  const size = names.reduce((sum, name) => sum + gzipSync(read(`client/${name}`), { level: 9 }).length, 0);
  assert.ok(size < 8000, `${size} bytes`);
});

test("the client depends on nothing", () => {
  assert.doesNotMatch(read("client/ropeway.js"), /^\s*import\s(?!.*\*)/m);
});

test("the types hold", () => {
  const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", web));
  const run = () => execFileSync(process.execPath, [tsc, "--project", fileURLToPath(new URL("tsconfig.json", web))], { encoding: "utf8" });
  assert.doesNotThrow(run);
});

test("the page has no inline script or style", () => {
  const html = read("chat/index.html");
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:/i);
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) assert.match(tag, /src="\/chat\//);
});

test("the page never turns text into markup", () => {
  for (const name of readdirSync(new URL("chat/", web)).filter((name) => name.endsWith(".js")))
    assert.doesNotMatch(read(`chat/${name}`), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, name);
});

test("the lock file names no registry", () => {
  assert.doesNotMatch(read("package-lock.json"), /"resolved"/);
});
