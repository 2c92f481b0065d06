/** Clients that come back by themselves: after a restart, a crash, a cut line. */
import assert from "node:assert/strict";

import { startProxy } from "../../web/browser-test/proxy.mjs";
import { startApp } from "./servers.mjs";
import { client, connected, heard, record, test, testEachWay, unique } from "./support.mjs";

/** A line that is cut between two polls is noticed by the heartbeat only. */
const BRISK = { pingInterval: 1000, pingTimeout: 5000 };

/** A server of the test's own; `restart` ends it and starts another on its port. */
async function mortal(t, options) {
  let server = await startApp(options);
  t.after(() => server.kill());
  const { port, url } = server;
  const restart = async (end = "kill") => {
    await server[end]();
    server = await startApp({ port, ...options });
  };
  return { url, port, restart, end: (how) => server[how]() };
}

for (const end of ["kill", "stop"]) {
  testEachWay(`after a restart by ${end} clients come back, and what was said meanwhile arrives once and in order`, async (t, options) => {
    const server = await mortal(t);
    const socket = await connected(t, server.url, options);
    const before = socket.id;
    const gone = heard(socket, "disconnect");
    await server.end(end);
    const [reason] = await gone;
    assert.ok(["transport close", "transport error"].includes(reason), reason);
    assert.equal(socket.active, true);
    const echoes = record(socket, "echo");
    for (let n = 0; n < 5; n++) socket.emit("echo", n);
    const back = heard(socket, "connect");
    await heard(socket.io, "reconnect_attempt");
    await server.restart();
    await back;
    await echoes.reach(5);
    await socket.emitWithAck("echo");
    assert.deepEqual(echoes.flat(), [0, 1, 2, 3, 4]);
    assert.notEqual(socket.id, before);
  });
}

testEachWay("clients of a server that is drained go over to the next one by themselves", async (t, options, way) => {
  const server = await mortal(t, { shutdownCode: 1012 });
  const next = await startApp();
  const proxy = await startProxy(server.port);
  t.after(() => proxy.close().then(() => next.kill()));
  const socket = await connected(t, proxy.origin, options);
  const gone = heard(socket, "disconnect");
  const back = heard(socket, "connect");
  proxy.port = next.port;
  await server.end("stop");
  const [reason] = await gone;
  // A client that is between two polls finds nobody there any more.
  const expected = way === "polling" ? ["transport close", "transport error"] : ["transport close"];
  assert.ok(expected.includes(reason), reason);
  await back;
  const answer = await socket.emitWithAck("echo", "over");
  assert.ok(answer !== undefined);
});

test("a client that starts before the server keeps trying", async (t) => {
  const server = await mortal(t);
  await server.end("kill");
  const socket = client(t, server.url);
  const [error] = await heard(socket, "connect_error");
  assert.ok(error instanceof Error);
  const back = heard(socket, "connect");
  const reconnected = heard(socket.io, "reconnect");
  await server.restart();
  await back;
  assert.ok((await reconnected)[0] >= 1);
});

testEachWay("a cut in the middle of talking loses no acknowledged event", async (t, options) => {
  const server = await mortal(t);
  const proxy = await startProxy(server.port);
  t.after(() => proxy.close());
  const socket = await connected(t, proxy.origin, { ...options, retries: 10, ackTimeout: 3000 });
  const answers = [];
  for (let round = 0; round < 3; round++) {
    const wave = Array.from({ length: 10 }, (_, n) => socket.emitWithAck("echo", `${round}.${n}`).then((answer) => answers.push(answer)));
    await wave[2];
    proxy.cut();
    proxy.mend();
    await Promise.all(wave);
  }
  assert.deepEqual(answers, Array.from({ length: 30 }, (_, n) => `${Math.floor(n / 10)}.${n % 10}`));
});

test("a server that lost its line to a client says why it let it go", async (t) => {
  const server = await mortal(t, BRISK);
  const proxy = await startProxy(server.port);
  t.after(() => proxy.close());
  const watcher = await connected(t, server.url);
  await watcher.emitWithAck("join", "watchers");
  for (const transports of [["websocket"], ["polling"]]) {
    const socket = await connected(t, proxy.origin, { transports, reconnection: false });
    const { id } = socket;
    const gone = heard(watcher, "gone");
    proxy.cut();
    const [who, reason] = await gone;
    assert.equal(who, id);
    assert.match(reason, /^(transport close|transport error|ping timeout)$/);
    proxy.mend();
  }
});

test("retries: an event is repeated until it is acknowledged, and those behind it wait", async (t) => {
  const server = await mortal(t);
  const socket = await connected(t, server.url, { retries: 5, ackTimeout: 2500 });
  const order = [];
  const first = socket.emitWithAck("flaky", unique("flaky"), 3).then((attempts) => order.push(["first", attempts]));
  const second = socket.emitWithAck("echo", "second").then((answer) => order.push([answer, 1]));
  await Promise.all([first, second]);
  assert.deepEqual(order, [["first", 3], ["second", 1]]);
});

test("retries: what is never acknowledged is given up", async (t) => {
  const server = await mortal(t);
  const socket = await connected(t, server.url, { retries: 2, ackTimeout: 1500 });
  await assert.rejects(socket.emitWithAck("silent"), /operation has timed out/);
  assert.equal(await socket.emitWithAck("echo", "next"), "next");
});

test("volatile events are dropped while there is no connection", async (t) => {
  const server = await mortal(t);
  const socket = await connected(t, server.url, { transports: ["websocket"] });
  const echoes = record(socket, "echo");
  await server.end("kill");
  await heard(socket.io, "reconnect_attempt");
  socket.volatile.emit("echo", "lost");
  socket.emit("echo", "kept");
  await server.restart();
  await echoes.reach(1);
  await socket.emitWithAck("echo");
  assert.deepEqual(echoes, [["kept"]]);
});
