/** What survives a cut connection. */
import assert from "node:assert/strict";
import WebSocket from "ws";

import { Ropeway } from "../client/ropeway.js";
import { startFakeServer } from "./fake-server.mjs";
import { fakeTimers, joined, opened, record, settle, setup, test, until } from "./support.mjs";

test("after a cut the missed events come, once and in order", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  const events = record(room, "event", "recovered", "lost");
  await joined(room);
  const epoch = room.position.epoch;
  server.room("demo:a").publish({ event: "n", data: 1 });
  await until(() => events.length === 1);
  server.cut();
  for (const data of [2, 3]) server.room("demo:a").publish({ event: "n", data });
  await until(() => events.length === 4);
  server.room("demo:a").publish({ event: "n", data: 4 });
  await until(() => events.length === 5);
  assert.deepEqual(events.map(({ type, data }) => data ?? type), [1, "recovered", 2, 3, 4]);
  assert.deepEqual(server.of("join")[1].since, { epoch, offset: 1 });
  assert.deepEqual(room.position, { epoch, offset: 4 });
});

test("an offset that was seen is not seen again", async (t) => {
  const { server, connect } = await setup(t);
  const room = connect().join("demo:a");
  const events = record(room, "event");
  await joined(room);
  for (const offset of [1, 2, 2, 1, 3]) server.open[0].send({ type: "event", room: "demo:a", event: "n", data: offset, offset });
  await until(() => events.length === 3);
  await settle();
  assert.deepEqual(events.map(({ data }) => data), [1, 2, 3]);
});

test("a publish whose acknowledgement was lost is repeated with its key and delivered once", async (t) => {
  let swallow = true;
  const intercept = (message, connection) => {
    if (message.type !== "publish" || !swallow) return false;
    swallow = false;
    connection.server.room("demo:a").publish(message);
    connection.ws.terminate();
    return true;
  };
  const { server, connect } = await setup(t, { intercept });
  const room = connect().join("demo:a");
  const events = record(room, "event");
  await joined(room);
  const receipt = await room.publish("message", "once");
  assert.deepEqual([receipt.offset, receipt.duplicate], [1, true]);
  await settle();
  assert.deepEqual(events.map(({ data }) => data), ["once"]);
  const [first, second] = server.of("publish");
  assert.equal(first.key, second.key);
  assert.ok(first.key.length >= 22, "128 bits");
});

test("each publish has a key of its own", async (t) => {
  const { server, connect } = await setup(t);
  const room = connect().join("demo:a");
  await Promise.all([1, 2, 3].map((n) => room.publish("n", n)));
  assert.equal(new Set(server.of("publish").map(({ key }) => key)).size, 3);
});

test("what is published without a connection is delivered in order, after what was missed", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect({ minDelay: 200, maxDelay: 200 });
  const room = client.join("demo:a");
  const events = record(room, "event");
  await joined(room);
  server.cut();
  await until(() => client.readyState === Ropeway.CONNECTING);
  const receipts = ["b", "c"].map((data) => room.publish("n", data));
  assert.ok(client.bufferedAmount > 0);
  server.room("demo:a").publish({ event: "n", data: "a" });
  assert.deepEqual((await Promise.all(receipts)).map(({ offset }) => offset), [2, 3]);
  await until(() => events.length === 3);
  assert.deepEqual(events.map(({ data }) => data), ["a", "b", "c"]);
  assert.equal(client.bufferedAmount, 0);
});

test("publishes made before the first connection wait for it", async (t) => {
  const { connect } = await setup(t);
  const room = connect().join("demo:a");
  assert.equal((await room.publish("n", 1)).offset, 1);
});

test("the offline buffer is bounded in bytes, and a full one rejects with a reason", async (t) => {
  const { connect } = await setup(t, { welcome: null });
  const client = connect({ maxBuffered: 1000 });
  const room = client.join("demo:a");
  const first = room.publish("n", "x".repeat(700));
  first.catch(() => {});
  await assert.rejects(room.publish("n", "y".repeat(300)), { code: "buffer_full", retry: true, message: /bytes wait/ });
  room.publish("n", "z").catch(() => {});
  assert.ok(client.bufferedAmount <= 1000, `${client.bufferedAmount}`);
});

test("bytes are counted, not characters", async (t) => {
  const { connect } = await setup(t, { welcome: null });
  const room = connect({ maxBuffered: 1000 }).join("demo:a");
  await assert.rejects(room.publish("n", "é".repeat(480)), { code: "buffer_full" });
});

test("a full buffer does not keep the client from joining again", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect({ maxBuffered: 600 });
  const room = client.join("demo:a");
  await joined(room);
  server.cut();
  await until(() => room.state === "joining");
  const published = room.publish("n", "x".repeat(460));
  await assert.rejects(room.publish("n", "x".repeat(200)), { code: "buffer_full" });
  await published;
});

test("what is said between the server's close and the end of the connection waits for the next one", async (t) => {
  let closing = false;
  class Socket extends WebSocket {
    get readyState() {
      return closing ? WebSocket.CLOSING : super.readyState;
    }
  }
  const intercept = ({ type, id }, connection) => type === "emit" && (connection.send({ type: "ack", id, data: 2 }), true);
  const { server, connect } = await setup(t, { intercept });
  const client = connect({ WebSocket: Socket });
  const room = client.join("demo:a");
  await joined(room);
  const before = server.received.length;
  closing = true;
  const [answer, receipt] = [client.emit("increment", 1), room.publish("message", "late")];
  client.check();
  await settle();
  assert.equal(server.received.length, before);
  closing = false;
  server.cut();
  assert.equal(await answer, 2);
  assert.equal((await receipt).offset, 1);
});

test("an emit that was sent is not repeated: the caller is told of the cut", async (t) => {
  const intercept = ({ type }, { ws }) => type === "emit" && (ws.terminate(), true);
  const { server, connect } = await setup(t, { intercept });
  const client = connect();
  await opened(client);
  await assert.rejects(client.emit("pay", 1), { code: "disconnected", retry: true });
  await until(() => server.connections.length === 2);
  await opened(client);
  await settle();
  assert.equal(server.of("emit").length, 1);
});

test("a history that ends too early says lost, without replaying a part", async (t) => {
  const { server, connect } = await setup(t, { keep: 2 });
  const room = connect().join("demo:a");
  const events = record(room, "event", "recovered", "lost");
  await joined(room);
  const { epoch } = room.position;
  server.cut();
  for (const data of [1, 2, 3]) server.room("demo:a").publish({ event: "n", data });
  await until(() => events.length);
  await settle();
  assert.deepEqual(events.map(({ type, epochChanged }) => [type, epochChanged]), [["lost", false]]);
  assert.deepEqual(room.position, { epoch, offset: 3 });
});

test("a restarted server is told apart by its epoch, and talking goes on", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  const events = record(room, "event", "recovered", "lost");
  for (const n of [1, 2, 3]) await room.publish("n", n);
  await server.close();
  const waiting = room.publish("n", "typed meanwhile");
  const successor = await startFakeServer({ port: server.port });
  t.after(() => successor.close());
  assert.equal((await waiting).offset, 1);
  await until(() => events.length === 5);
  const after = events.slice(3);
  assert.deepEqual(after.map(({ type, epochChanged, data }) => data ?? [type, epochChanged]), [["lost", true], "typed meanwhile"]);
  client.close();
});

test("a join that may succeed later is tried again, one that may not ends the room", async (t) => {
  t.mock.method(Math, "random", () => 0);
  const timers = fakeTimers(t);
  let failures = 1;
  const intercept = ({ type, id, room }, connection) => {
    const retry = room === "demo:a";
    if (type !== "join" || (retry && failures-- <= 0)) return false;
    return connection.send({ type: "error", id, code: retry ? "unavailable" : "forbidden", message: "no", retry }), true;
  };
  const { server, connect } = await setup(t, { intercept });
  const client = connect();
  const [room, closed] = [client.join("demo:a"), client.join("private:a")];
  const errors = record(closed, "error");
  const rejected = assert.rejects(closed.publish("n", 1), { code: "forbidden" });
  await until(() => errors.length);
  await rejected;
  assert.deepEqual([closed.state, errors[0].error.code, room.state], ["refused", "forbidden", "joining"]);
  await settle();
  timers.tick(1000);
  await joined(room);
  assert.equal(server.of("join").length, 3);
});

test("a membership that the server takes away is not taken up again", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  await joined(room);
  const left = record(room, "left");
  server.open[0].send({ type: "left", room: "demo:a" });
  await until(() => left.length);
  await assert.rejects(room.publish("n", 1), { code: "not_joined" });
  server.cut();
  await until(() => server.connections.length === 2);
  await opened(client);
  await settle();
  assert.equal(server.of("join").length, 1);
});

test("close rejects what waits and ends the reconnecting", async (t) => {
  const { server, connect } = await setup(t, { intercept: ({ type }) => type === "publish" });
  const client = connect();
  const room = client.join("demo:a");
  const closes = record(client, "close");
  await joined(room);
  const waiting = room.publish("n", 1);
  client.close(4000, "enough");
  await assert.rejects(waiting, { code: "closed" });
  await assert.rejects(room.publish("n", 2), { code: "closed" });
  assert.deepEqual(closes.map(({ code, reason, final, retryIn }) => [code, reason, final, retryIn]), [[4000, "enough", true, null]]);
  await until(() => server.open.length === 0);
  client.connect();
  await joined(room);
});
