/** Two thousand clients at once, and again: none is lost, and the server gives back what they took. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { isReference, startApp } from "./servers.mjs";
import { connected, test, until } from "./support.mjs";

const [CROWDS, CLIENTS] = [2, 1000];
const script = fileURLToPath(new URL("crowd.mjs", import.meta.url));

/** A process full of clients, which does what it is told. */
function crowd(t, url, name) {
  const child = fork(script, [url, String(CLIENTS), name], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit").then(([code]) => [{ error: `the clients ended with ${code}` }]);
  const tell = async (command) => {
    child.send(command);
    const [outcome] = await Promise.race([once(child, "message"), ended]);
    assert.equal(outcome.error, undefined, `${command}: ${outcome.error}`);
    return outcome;
  };
  return { tell };
}

test("a crowd connects by polling, changes to WebSocket, talks and goes, wave after wave", { timeout: 280_000, skip: isReference && "it counts no bytes" }, async (t) => {
  const server = await startApp({ pingInterval: 60_000, pingTimeout: 60_000, upgradeTimeout: 60_000 });
  t.after(() => server.kill());
  const observer = await connected(t, server.url);
  const crowds = Array.from({ length: CROWDS }, (_, n) => crowd(t, server.url, `crowd-${n}`));
  const all = (command) => Promise.all(crowds.map(({ tell }) => tell(command)));
  const heap = () => observer.emitWithAck("heap");
  const present = async () => (await observer.emitWithAck("sockets", {})).length;

  const [start, left] = [await heap(), []];
  for (let wave = 0; wave < 4; wave++) {
    await all("connect");
    assert.equal(await present(), CROWDS * CLIENTS + 1);
    await all("talk");
    const full = (await heap()) - start;
    await all("leave");
    await until(async () => (await present()) === 1, "all sockets are gone");
    // What stays is the server's own: tables that have grown, buffers of its threads.
    await until(async () => (await heap()) - start < full / 4, `wave ${wave}: of ${full} bytes most are given back`);
    left.push((await heap()) - start);
    t.diagnostic(`wave ${wave}: ${full} bytes at most, ${left.at(-1)} bytes afterwards`);
  }
  // Less than 100 bytes for each client of the two waves between.
  assert.ok(Math.min(left[2], left[3]) - left[0] < 2 * CROWDS * CLIENTS * 100, `each wave leaves something behind: ${left}`);
});
