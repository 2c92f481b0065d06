/** A server that drains and starts again while pages talk: each comes back when it is told to, and loses nothing. */
import assert from "node:assert/strict";
import { after, before, test as nodeTest } from "node:test";

import { launch, Person } from "./pages.mjs";
import { isReal, startServer } from "./server.mjs";

const test = (name, body) => nodeTest(name, { timeout: 120000, skip: !isReal && "it takes the binary" }, body);

/** The clients besides that of the chat page. */
const CROWD = 6;
const ROOM = "demo:drain";
const SETTINGS = { ROPEWAY_SHUTDOWN_CODE: "1012", ROPEWAY_SHUTDOWN_SPREAD: "1s", ROPEWAY_SHUTDOWN_RECONNECT_SPREAD: "3s" };

let browser, server;

before(async () => {
  if (!isReal) return;
  browser = await launch();
  server = await startServer(0, SETTINGS);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** In the page: clients that say numbers without end, and what happens to them. Returns when they hear each other. */
async function settle([count, room]) {
  const { Ropeway } = await import("/ropeway.js");
  globalThis.crowd = Array.from({ length: count }, (_, who) => {
    const client = new Ropeway("/ws");
    const seen = { hints: [], closes: [], attempts: [], joins: [], heard: [] };
    client.on("message", ({ data }) => data.type === "reconnect" && seen.hints.push({ after: data.after, at: performance.now() }));
    client.on("close", ({ code, retryIn, final }) => seen.closes.push({ code, retryIn, final }));
    client.on("connecting", () => seen.attempts.push(performance.now()));
    const member = client.join(room);
    member.on("joined", () => seen.joins.push(member.position));
    member.on("event", ({ data, epoch, offset }) => seen.heard.push({ ...data, epoch, offset }));
    const said = [];
    const talk = setInterval(() => said.push(member.publish("number", { who, n: said.length })), 50);
    const silence = () => clearInterval(talk);
    return { client, seen, said, silence };
  });
  while (!globalThis.crowd.every(({ seen }) => seen.heard.length > count)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** In the page: the receipts of all that was said, and what was seen, once all are back and the last word is out. */
async function conclude() {
  const back = ({ client, seen }) => seen.joins.length > 1 && client.readyState === 1;
  while (!globalThis.crowd.every(back)) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const { silence } of globalThis.crowd) silence();
  const receipts = await Promise.all(globalThis.crowd.map(({ said }) => Promise.all(said)));
  // What was published before is delivered before.
  await Promise.all(globalThis.crowd.map(({ client }) => client.join("demo:drain-end").history()));
  return globalThis.crowd.map(({ seen }, who) => ({ ...seen, receipts: receipts[who] }));
}

test("clients wait as long as the draining server tells them, come back to the next one and lose nothing", async (t) => {
  const ada = await Person.arrive(browser, `http://127.0.0.1:${server.port}`, { room: "demo:chat", name: "Ada" });
  t.after(() => ada.leave());
  await ada.page.evaluate(settle, [CROWD, ROOM]);
  const drained = server.stop();
  await ada.is("waiting");
  await ada.say("typed while it was away");
  await drained;
  server = await startServer(server.port, SETTINGS);
  const clients = await ada.page.evaluate(conclude);
  await ada.connected();
  await ada.allSaid();
  assert.deepEqual(await ada.heard(), ["typed while it was away"]);

  for (const client of clients) comesBackAsTold(client);
  const hints = clients.map(({ hints }) => hints[0].after);
  assert.ok(new Set(hints).size > 1, `all are told the same time: ${hints}`);
  for (const [who, client] of clients.entries()) losesNothing(client, who);
  assert.deepEqual(ada.faults, []);
});

function comesBackAsTold({ hints, closes, attempts }) {
  assert.equal(hints.length, 1);
  const [{ after, at }] = hints;
  assert.ok(after < 3000, String(after));
  assert.deepEqual(closes[0], { code: 1012, retryIn: after, final: false });
  // Timers of browsers may be early by a millisecond.
  assert.ok(attempts[0] - at >= after - 2, `it came back after ${attempts[0] - at} ms instead of ${after}`);
}

/** All that a client said is heard once and in order, and while it is a member it hears each offset. */
function losesNothing({ joins, heard, receipts }, who) {
  const own = heard.filter((event) => event.who === who);
  assert.deepEqual(own.map(({ n }) => n), [...receipts.keys()]);
  assert.deepEqual(own.map(({ epoch, offset }) => ({ epoch, offset })), receipts);
  const [before, since] = joins;
  assert.notEqual(since.epoch, before.epoch);
  for (const { epoch, offset } of joins) {
    const offsets = heard.filter((event) => event.epoch === epoch).map((event) => event.offset);
    assert.deepEqual(offsets, Array.from(offsets, (_, n) => offset + 1 + n));
    assert.ok(offsets.length > 0);
  }
}
