/** Nothing is lost, doubled or swapped while a connection changes from polling to WebSocket. */
import assert from "node:assert/strict";

import { client, connection, record, sharedApp, test, unique, upgraded, WAYS } from "./support.mjs";

const app = sharedApp();
const numbers = (count) => [...Array(count).keys()];

/** What a client says and hears from the moment it is connected until long after the upgrade. */
async function talkThrough(t, options, { messages, payload }) {
  const socket = client(t, app.server.url, options);
  const [echoes, flood] = [record(socket, "echo"), record(socket, "flood")];
  await connection(socket);
  socket.emit("flood", messages, 100);
  const answers = [];
  for (const n of numbers(messages)) {
    socket.emit("echo", n, payload(n));
    socket.emit("echo", n, (n) => answers.push(n));
    // The network gets a turn, so that the change happens in the middle of it.
    if (n % 5 === 0) await new Promise(setImmediate);
  }
  await upgraded(socket);
  await Promise.all([echoes.reach(messages), flood.reach(messages)]);
  await socket.emitWithAck("echo");
  assert.equal(socket.io.engine.transport.name, "websocket");
  for (const list of [echoes.map(([n]) => n), flood.map(([n]) => n), answers]) assert.deepEqual(list, numbers(messages));
}

for (const way of ["upgrade", "msgpack"]) {
  test(`traffic in both directions during the upgrade: ${way}`, async (t) => {
    const text = (n) => "x".repeat(n % 200);
    for (let round = 0; round < 5; round++) await talkThrough(t, WAYS[way], { messages: 300, payload: text });
  });

  test(`binary traffic in both directions during the upgrade: ${way}`, async (t) => {
    const mixed = (n) => (n % 3 === 0 ? { data: Buffer.alloc(n, n) } : n);
    for (let round = 0; round < 3; round++) await talkThrough(t, WAYS[way], { messages: 200, payload: mixed });
  });
}

test("many clients change at once while all of them talk", async (t) => {
  const talk = numbers(30).map(() => talkThrough(t, WAYS.upgrade, { messages: 50, payload: String }));
  await Promise.all(talk);
});

test("a room that never falls silent is heard from the first event on, whatever the transport does", async (t) => {
  const room = unique("room");
  const speaker = client(t, app.server.url, { transports: ["websocket"] });
  await connection(speaker);
  let [said, silent] = [0, false];
  const talk = (async () => {
    while (!silent) await speaker.emitWithAck("emit", { to: [room], event: "news", args: [said++] });
  })();
  for (let round = 0; round < 10; round++) {
    const listener = client(t, app.server.url, WAYS.upgrade);
    const news = record(listener, "news");
    await connection(listener);
    await listener.emitWithAck("join", room);
    await upgraded(listener);
    const after = news.length;
    await news.reach(after + 50);
    const first = news[0][0];
    assert.deepEqual(news.map(([n]) => n), numbers(news.length).map((n) => n + first));
    listener.disconnect();
  }
  silent = true;
  await talk;
});
