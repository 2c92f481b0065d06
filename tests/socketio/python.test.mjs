/** A client of other people in another language: python-socketio. PYTHON names an interpreter that has it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { startProxy } from "../../web/browser-test/proxy.mjs";
import { sharedApp, test } from "./support.mjs";

const python = process.env.PYTHON;
const script = fileURLToPath(new URL("clients.py", import.meta.url));
const app = sharedApp();

for (const transport of ["polling", "websocket", "upgrade"]) {
  test(`python-socketio: ${transport}`, async (t) => {
    assert.ok(python, "PYTHON names no interpreter; `cargo xtask test --only socketio` sets it");
    const proxy = await startProxy(app.server.port);
    t.after(() => proxy.close());
    const child = spawn(python, [script, proxy.origin, transport], { stdio: ["ignore", "pipe", "pipe"] });
    t.after(() => child.kill());
    const said = [];
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => {
      said.push(line);
      if (line === "cut") proxy.cut();
      if (line === "gone") proxy.mend();
    });
    const [code] = await once(child, "close");
    assert.equal(code, 0, said.join("\n"));
  });
}
