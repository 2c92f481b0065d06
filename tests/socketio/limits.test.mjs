/** Large messages, around the most that is allowed, and compression. */
import assert from "node:assert/strict";

import { startApp } from "./servers.mjs";
import { connected, heard, record, sharedApp, test, testEachWay } from "./support.mjs";

const MAX = 100_000;
const app = sharedApp({ maxHttpBufferSize: MAX });

/** An event of exactly so many bytes on the wire. */
const sized = (socket, bytes) => {
  const frame = '42["echo",""]';
  socket.emit("echo", "x".repeat(bytes - frame.length));
};

test("the largest message that is allowed passes: websocket", async (t) => {
  const socket = await connected(t, app.server.url, { transports: ["websocket"] });
  const echo = heard(socket, "echo");
  sized(socket, MAX);
  assert.equal((await echo)[0].length, MAX - 13);
});

test("the largest body that is allowed passes: polling", async (t) => {
  const socket = await connected(t, app.server.url, { transports: ["polling"] });
  const echo = heard(socket, "echo");
  sized(socket, MAX);
  assert.equal((await echo)[0].length, MAX - 13);
});

for (const transports of [["websocket"], ["polling"]]) {
  test(`one byte more ends the connection, and the server is well: ${transports}`, async (t) => {
    const socket = await connected(t, app.server.url, { transports, reconnection: false });
    const [ended, echoes] = [heard(socket, "disconnect"), record(socket, "echo")];
    sized(socket, MAX + 1);
    const [reason] = await ended;
    assert.match(reason, /^transport (close|error)$/);
    assert.deepEqual(echoes, []);
    const other = await connected(t, app.server.url, { transports });
    assert.equal(await other.emitWithAck("echo", "well"), "well");
  });
}

test("a client splits many messages into bodies that the server takes", async (t) => {
  const socket = await connected(t, app.server.url, { transports: ["polling"] });
  const echoes = record(socket, "echo");
  for (let n = 0; n < 50; n++) socket.emit("echo", n, "x".repeat(20_000));
  await echoes.reach(50);
  assert.deepEqual(echoes.map(([n]) => n), [...Array(50).keys()]);
});

testEachWay("the server may send more than it takes", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  const flood = record(socket, "flood");
  socket.emit("flood", 3, 3 * MAX);
  await flood.reach(3);
  assert.deepEqual(flood.map(([n, text]) => [n, text.length]), [[0, 3 * MAX], [1, 3 * MAX], [2, 3 * MAX]]);
});

testEachWay("with compression everything arrives as it was sent", async (t, options) => {
  const server = await startApp({ perMessageDeflate: true });
  t.after(() => server.kill());
  const socket = await connected(t, server.url, { ...options, perMessageDeflate: { threshold: 0 } });
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 251));
  for (const value of ["short", "repeated ".repeat(20_000), noise.toString("latin1"), { list: Array(2000).fill({ key: "value" }) }])
    assert.deepEqual(await socket.emitWithAck("echo", value), value);
  assert.deepEqual(Buffer.from(await socket.emitWithAck("echo", noise)), noise);
  const flood = record(socket, "flood");
  socket.emit("flood", 20, 20_000);
  await flood.reach(20);
  assert.deepEqual(flood.map(([n, text]) => [n, text.length]), Array.from({ length: 20 }, (_, n) => [n, 20_000]));
  if (options.transports.includes("websocket")) assert.match(socket.io.engine.transport.ws.extensions, /permessage-deflate/);
});
