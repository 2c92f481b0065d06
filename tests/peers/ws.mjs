/** npm `ws` as a peer: `node ws.mjs ws://HOST:PORT`. */
import assert from "node:assert/strict";
import { once } from "node:events";

import WebSocket from "ws";

const server = process.argv[2];
setTimeout(() => assert.fail("not done after 20 s"), 20_000).unref();

/** Every message goes to a queue, so that none is lost between two reads. */
function inbox(socket) {
  const [waiting, arrived] = [[], []];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    waiting.length > 0 ? waiting.shift()(message) : arrived.push(message);
  });
  return () => (arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((done) => waiting.push(done)));
}

async function echo(options) {
  const socket = new WebSocket(`${server}/echo`, options);
  const next = inbox(socket);
  await once(socket, "open");
  for (const message of ["", "Hello, world!", "žluťoučký 🐎".repeat(5000), Buffer.alloc(100_000, 7)]) {
    socket.send(message);
    assert.deepEqual(await next(), message);
  }
  socket.ping("are you there");
  const [pong] = await once(socket, "pong");
  assert.equal(pong.toString(), "are you there");
  socket.close(1000, "done");
  const [code, reason] = await once(socket, "close");
  assert.deepEqual([code, reason.toString()], [1000, "done"]);
}

async function member(room) {
  const socket = new WebSocket(`${server}/ws`, "ropeway.json");
  const next = inbox(socket);
  await once(socket, "open");
  assert.equal(socket.protocol, "ropeway.json");
  const until = async (type) => {
    for (;;) {
      const message = JSON.parse(await next());
      if (message.type === type) return message;
    }
  };
  await until("welcome");
  socket.send(JSON.stringify({ type: "join", room }));
  await until("joined");
  return { socket, until };
}

async function room() {
  const [ada, bob] = [await member("demo:ws"), await member("demo:ws")];
  const data = { text: "hi", numbers: [1, 2.5, null] };
  ada.socket.send(JSON.stringify({ type: "publish", room: "demo:ws", event: "said", data, id: "1" }));
  assert.deepEqual((await bob.until("event")).data, data);
  assert.deepEqual((await ada.until("event")).data, data);
  bob.socket.send(Buffer.from([1]));
  const [code] = await once(bob.socket, "close");
  assert.equal(code, 1003);
  ada.socket.close();
}

await echo({ perMessageDeflate: false });
await echo({ perMessageDeflate: { threshold: 0 } });
await room();
