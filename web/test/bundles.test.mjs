// The builds of socket.io-client that the server serves are those of the package, byte by byte.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";

const assets = new URL("../../crates/ropeway-server/assets/socket.io-client/", import.meta.url);
const root = dirname(createRequire(import.meta.url).resolve("socket.io-client/package.json"));
const dist = join(root, "dist");

test("every build of the package is there, and is as the package has it", () => {
  const served = readdirSync(assets).filter((name) => name.startsWith("socket.io."));
  assert.deepEqual(served.sort(), readdirSync(dist).sort());
  for (const name of served) {
    assert.ok(readFileSync(new URL(name, assets)).equals(readFileSync(join(dist, name))), name);
  }
});

test("its licence is with it", () => {
  assert.ok(readFileSync(new URL("LICENSE", assets)).equals(readFileSync(join(root, "LICENSE"))));
});

test("the entity tag names the version", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const source = readFileSync(new URL("../../crates/ropeway-server/src/http/bundles.rs", import.meta.url), "utf8");
  assert.ok(source.includes(`const VERSION: &str = "${version}";`));
});
