/** Acknowledgements both ways, with timeouts, and their place in the order of events. */
import assert from "node:assert/strict";

import { connected, record, sharedApp, test, testEachWay } from "./support.mjs";

const app = sharedApp();

testEachWay("an acknowledgement carries any number of arguments", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  const acknowledged = (...args) => new Promise((resolve) => socket.emit("echo", ...args, (...answer) => resolve(answer)));
  assert.deepEqual(await acknowledged(), []);
  assert.deepEqual(await acknowledged(1), [1]);
  assert.deepEqual(await acknowledged(1, "two", [3], { four: null }), [1, "two", [3], { four: null }]);
});

testEachWay("an event without acknowledgement is answered by an event", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  const echoes = record(socket, "echo");
  socket.emit("echo", "a", 1);
  socket.emit("echo");
  await echoes.reach(2);
  assert.deepEqual(echoes, [["a", 1], []]);
});

test("a timeout comes to the client that set it, and later answers stay with their own events", async (t) => {
  const socket = await connected(t, app.server.url);
  await assert.rejects(socket.timeout(100).emitWithAck("silent"), /operation has timed out/);
  const error = await new Promise((resolve) => socket.timeout(100).emit("silent", resolve));
  assert.ok(error instanceof Error);
  assert.equal(await socket.timeout(20_000).emitWithAck("echo", "still here"), "still here");
});

testEachWay("the server asks and the client answers", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  socket.on("question", (question, ack) => ack({ question, answer: 42 }));
  for (const question of ["one", { two: [2] }]) {
    const answer = await socket.emitWithAck("ask", { event: "question", args: [question], timeout: 20_000 });
    assert.deepEqual(answer, { answer: { question, answer: 42 } });
  }
});

test("a client that does not answer in time is a timeout for the server", async (t) => {
  const socket = await connected(t, app.server.url);
  let late;
  socket.on("question", (ack) => (late = ack));
  assert.deepEqual(await socket.emitWithAck("ask", { event: "question", args: [], timeout: 100 }), { error: "timeout" });
  late("too late");
  late("twice");
  assert.equal(await socket.emitWithAck("echo", "unharmed"), "unharmed");
});

testEachWay("many questions at once are each answered with their own", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  socket.on("double", (n, ack) => ack(2 * n));
  const asked = (n) => socket.emitWithAck("ask", { event: "double", args: [n], timeout: 30_000 });
  // Ropeway waits for 64 answers of one client at a time, and the reference for any number.
  for (let round = 0; round < 5; round++) {
    const numbers = Array.from({ length: 60 }, (_, n) => 60 * round + n);
    assert.deepEqual(await Promise.all(numbers.map(asked)), numbers.map((n) => ({ answer: 2 * n })));
  }
});

testEachWay("events of one socket are handled in the order in which it sent them", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  const answered = [];
  const sent = Array.from({ length: 500 }, (_, n) => socket.emitWithAck("echo", n).then((n) => answered.push(n)));
  await Promise.all(sent);
  assert.deepEqual(answered, [...Array(500).keys()]);
});

testEachWay("what the server sends arrives in the order of sending", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  const flood = record(socket, "flood");
  socket.emit("flood", 2000, 10);
  await flood.reach(2000);
  assert.deepEqual(flood.map(([n]) => n), [...Array(2000).keys()]);
});

test("an event that nobody handles does no harm", async (t) => {
  const socket = await connected(t, app.server.url);
  socket.emit("nobody-listens", { to: "this" });
  assert.equal(await socket.emitWithAck("echo", "next"), "next");
});
