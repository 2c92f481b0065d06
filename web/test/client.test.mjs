/** What a program sees of a client whose server behaves. */
import assert from "node:assert/strict";

import { Ropeway } from "../client/ropeway.js";
import { joined, opened, record, settle, setup, test, until } from "./support.mjs";

test("it opens with the server's welcome", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const events = record(client, "open", "close", "error");
  assert.equal(client.readyState, Ropeway.CONNECTING);
  await opened(client);
  assert.deepEqual(events.map(({ type }) => type), ["open"]);
  assert.equal(client.session, server.connections[0].session);
  assert.equal(events[0].welcome.node, "fake");
  assert.equal(server.connections[0].ws.protocol, "ropeway.json");
});

test("an http address is read as ws", async (t) => {
  const { server, connect } = await setup(t);
  await opened(connect({}, `${server.origin}/ws`));
});

test("events of a room reach all its members, the sender included, and nobody else", async (t) => {
  const { connect } = await setup(t);
  const [ada, bob, eve] = [connect(), connect(), connect()];
  const rooms = [ada.join("demo:a", { info: { name: "Ada" } }), bob.join("demo:a"), eve.join("demo:b")];
  const seen = rooms.map((room) => record(room, "event"));
  await Promise.all(rooms.map(joined));
  const receipt = await rooms[0].publish("message", { text: "hi" });
  assert.equal(receipt.offset, 1);
  await until(() => seen[1].length === 1);
  await settle();
  assert.deepEqual(seen.map((events) => events.length), [1, 1, 0]);
  const [{ name, data, from, offset, epoch }] = seen[1];
  assert.deepEqual([name, data, from.info, from.session], ["message", { text: "hi" }, { name: "Ada" }, ada.session]);
  assert.deepEqual({ offset, epoch }, receipt);
});

test("the same room name gives the same room until it is left", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  await joined(room);
  assert.equal(client.join("demo:a"), room);
  room.leave();
  assert.notEqual(client.join("demo:a"), room);
  await until(() => server.of("join").length === 2);
  assert.deepEqual(server.received.map(({ type }) => type).filter((type) => type !== "ping"), ["join", "leave", "join"]);
});

test("a join that was overtaken by leave and join does not disturb the new membership", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  await opened(client);
  const overtaken = client.join("demo:a");
  overtaken.leave();
  const room = client.join("demo:a");
  const lost = record(room, "lost", "recovered", "joined");
  await joined(room);
  await settle();
  assert.deepEqual(lost.map(({ type }) => type), ["joined"]);
  assert.equal(overtaken.state, "left");
  assert.equal(server.room("demo:a").members.size, 1);
});

test("members follow presence", async (t) => {
  const { connect } = await setup(t);
  const [ada, bob] = [connect(), connect()];
  const room = ada.join("demo:a", { info: "Ada" });
  await joined(room);
  const presence = record(room, "presence");
  const other = bob.join("demo:a", { info: "Bob" });
  await until(() => room.members.length === 2);
  assert.deepEqual(room.members.map(({ info }) => info), ["Ada", "Bob"]);
  other.leave();
  await until(() => room.members.length === 1);
  assert.deepEqual(presence.map(({ joined, left }) => [joined.length, left.length]), [[1, 0], [0, 1]]);
});

test("update changes what others see and loses no event", async (t) => {
  const { connect } = await setup(t);
  const [ada, bob] = [connect(), connect()];
  const room = ada.join("demo:a", { info: "Ada" });
  const other = bob.join("demo:a");
  await Promise.all([room, other].map(joined));
  const events = record(room, "event", "lost");
  room.update("Countess");
  room.update("Lovelace");
  const published = [other.publish("n", 1), room.publish("n", 2), other.publish("n", 3)];
  await Promise.all(published);
  await until(() => events.length === 3);
  assert.deepEqual(events.map(({ data }) => data).sort(), [1, 2, 3]);
  await until(() => other.members.some(({ info }) => info === "Lovelace"));
  assert.equal(other.members.length, 2);
});

test("history is asked for by limit and by position", async (t) => {
  const { connect } = await setup(t);
  const room = connect().join("demo:a");
  for (const n of [1, 2, 3]) await room.publish("n", n);
  const newest = await room.history({ limit: 2 });
  assert.deepEqual([newest.events.map(({ data }) => data), newest.complete], [[2, 3], false]);
  const after = await room.history({ since: { epoch: newest.epoch, offset: 1 } });
  assert.deepEqual([after.events.map(({ data }) => data), after.complete], [[2, 3], true]);
});

test("a volatile event has no offset and resolves with null, also without a connection", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  assert.equal(await room.publish("typing", true, { volatile: true }), null);
  await joined(room);
  const events = record(room, "event");
  assert.equal(await room.publish("typing", true, { volatile: true }), null);
  await until(() => events.length);
  assert.equal(events[0].offset, undefined);
  assert.equal(server.of("publish").length, 1, "the one without a connection was dropped");
  assert.equal(client.bufferedAmount, 0);
});

test("the round-trip time is measured at the start", async (t) => {
  const { connect } = await setup(t);
  const start = performance.now();
  const client = connect();
  assert.equal(client.rtt, null);
  const pongs = record(client, "pong");
  await until(() => pongs.length);
  assert.ok(client.rtt >= 0 && client.rtt <= performance.now() - start, `${client.rtt} ms`);
});

test("an application answers emit, and its refusal is an error with the server's code", async (t) => {
  const intercept = ({ type, id, data }, connection) => type === "emit" && data === 1 && (connection.send({ type: "ack", id, data: 2 }), true);
  const { connect } = await setup(t, { intercept });
  const client = connect();
  assert.equal(await client.emit("increment", 1), 2);
  await assert.rejects(client.emit("increment", 7), { name: "RopewayError", code: "no_handler", retry: false });
});

test("data that is left out is null on the wire", async (t) => {
  const { server, connect } = await setup(t);
  await connect().join("demo:a").publish("poke");
  assert.equal(server.of("publish")[0].data, null);
});

test("two thousand publishes arrive in order", async (t) => {
  const { connect } = await setup(t);
  const room = connect().join("demo:a");
  const events = record(room, "event");
  const numbers = Array.from({ length: 2000 }, (_, n) => n);
  await Promise.all(numbers.map((n) => room.publish("n", n)));
  await until(() => events.length === 2000);
  assert.deepEqual(events.map(({ data }) => data), numbers);
});
