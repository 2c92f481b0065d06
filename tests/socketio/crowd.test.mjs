/** Two thousand clients at once, and again: none is lost, and the server gives back what they took. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { API_KEY, isReference, startServe } from "./servers.mjs";
import { test, until } from "./support.mjs";

const [CROWDS, CLIENTS] = [2, 1000];
const script = fileURLToPath(new URL("crowd.mjs", import.meta.url));

/** A process full of clients, which does what it is told. */
function crowd(t, url, name) {
  const child = fork(script, [url, String(CLIENTS), name], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const tell = async (command) => {
    child.send(command);
    const [outcome] = await Promise.race([once(child, "message"), once(child, "exit").then(([code]) => [{ error: `the clients ended with ${code}` }])]);
    assert.equal(outcome.error, undefined, `${command}: ${outcome.error}`);
    return outcome;
  };
  return { tell };
}

async function connections(server) {
  const answer = await fetch(`${server.url}/api/status`, { headers: { authorization: `Bearer ${API_KEY}` } });
  const { connections, rooms } = await answer.json();
  return connections + rooms;
}

test("a crowd connects by polling, changes to WebSocket, talks and goes, wave after wave", { timeout: 280_000, skip: isReference }, async (t) => {
  // What is freed is given back to the system, so that the resident memory tells.
  const server = await startServe({ trimmed: true, pingInterval: 60_000, pingTimeout: 60_000 });
  t.after(() => server.kill());
  const crowds = Array.from({ length: CROWDS }, (_, n) => crowd(t, server.url, `crowd-${n}`));
  const all = (command) => Promise.all(crowds.map(({ tell }) => tell(command)));
  const start = server.memory();
  const [full, empty] = [[], []];
  for (let wave = 0; wave < 3; wave++) {
    await all("connect");
    await all("talk");
    full.push(server.memory() - start);
    await all("leave");
    await until(async () => (await connections(server)) === 0, "all connections and rooms are gone");
    empty.push(server.memory() - start);
  }
  const report = `${JSON.stringify({ start, full, empty })} bytes`;
  t.diagnostic(report);
  // What stays is what any server keeps for the next crowd; what is lost for each client would add up.
  assert.ok(Math.min(...empty) < full[0] / 2, `memory is not given back: ${report}`);
  assert.ok(empty[2] - empty[1] < full[0] / 10, `each wave leaves something behind: ${report}`);
});
