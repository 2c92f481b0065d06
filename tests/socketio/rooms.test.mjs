/** Plain `ropeway serve`: Socket.IO clients, clients of the native protocol and the HTTP API in one room. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import WebSocket from "ws";

import { Ropeway } from "../../web/client/ropeway.js";
import { API_KEY, isReference, startServe } from "./servers.mjs";
import { client, connected, heard, record, test as anyTest, testEachWay as anyTestEachWay, unique, until } from "./support.mjs";

const options = { skip: isReference && "about Ropeway's own rooms" };
const test = (name, body) => anyTest(name, options, body);
const testEachWay = (name, body) => anyTestEachWay(name, options, body);

let server;
before(async () => {
  if (!isReference) server = await startServe();
});
after(() => server?.kill());

const demo = () => `demo:${unique("room")}`;

/** A native client in a room, with the events it hears. */
async function native(t, room, info) {
  const ropeway = new Ropeway(`ws://127.0.0.1:${server.port}/ws`, { WebSocket });
  t.after(() => ropeway.close());
  const member = ropeway.join(room, { info });
  const seen = [];
  member.on("event", ({ name, data, from, offset }) => seen.push({ name, data, from, offset }));
  await new Promise((resolve) => member.addEventListener("joined", resolve, { once: true }));
  return { ropeway, member, seen };
}

/** A Socket.IO client in a room. */
async function stock(t, room, way = {}, info) {
  const socket = await connected(t, server.url, way);
  const joined = await socket.emitWithAck("join", { room, info });
  assert.equal(joined.type, "joined", JSON.stringify(joined));
  return { socket, joined, said: record(socket, "say") };
}

async function publishByHttp(body) {
  const headers = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
  const answer = await fetch(`${server.url}/api/publish`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200);
  return answer.json();
}

testEachWay("what one side says the other hears, once and in order", async (t, way) => {
  const room = demo();
  const bob = await native(t, room, { name: "Bob" });
  const { socket, joined, said } = await stock(t, room, way, { name: "Ada" });
  assert.deepEqual([joined.room, joined.recovered, typeof joined.epoch, joined.offset], [room, false, "string", 0]);
  assert.deepEqual(joined.members.map(({ info }) => info.name).sort(), ["Ada", "Bob"]);

  for (let n = 0; n < 30; n += 3) {
    const { type, data } = await socket.emitWithAck("publish", { room, event: "say", data: { n } });
    assert.deepEqual([type, data], ["ack", { epoch: joined.epoch, offset: n + 1 }]);
    assert.equal((await bob.member.publish("say", { n: n + 1 })).offset, n + 2);
    assert.equal((await publishByHttp({ room, event: "say", data: { n: n + 2 } })).offset, n + 3);
  }

  await said.reach(30);
  await until(() => bob.seen.length === 30);
  await socket.emitWithAck("presence", room);
  const numbers = [...Array(30).keys()];
  assert.deepEqual(said.map(([{ n }]) => n), numbers);
  assert.deepEqual(bob.seen.map(({ data }) => data.n), numbers);
  assert.deepEqual(said.map(([, about]) => about.offset), numbers.map((n) => n + 1));
  assert.deepEqual(bob.seen.map(({ offset }) => offset), numbers.map((n) => n + 1));
  const speakers = [{ session: socket.id, info: { name: "Ada" } }, { session: bob.ropeway.session, info: { name: "Bob" } }, undefined];
  for (const [n, [, about]] of said.entries()) assert.deepEqual(about, { room, offset: n + 1, ...(speakers[n % 3] && { from: speakers[n % 3] }) });
  for (const [n, { from }] of bob.seen.entries()) assert.deepEqual(from, speakers[n % 3]);
});

test("many speak at once and all hear the same", async (t) => {
  const room = demo();
  const stocks = await Promise.all([["polling"], ["websocket"], ["polling", "websocket"]].map((transports) => stock(t, room, { transports })));
  const natives = await Promise.all([native(t, room), native(t, room)]);
  const speeches = [
    ...stocks.map(({ socket }, who) => (n) => socket.emitWithAck("publish", { room, event: "say", data: { who, n } })),
    ...natives.map(({ member }, who) => (n) => member.publish("say", { who: who + 3, n })),
  ];
  await Promise.all(speeches.map(async (speak) => {
    for (let n = 0; n < 40; n++) await speak(n);
  }));
  await Promise.all(stocks.map(({ said }) => said.reach(200)));
  await until(() => natives.every(({ seen }) => seen.length >= 200));
  const order = stocks[0].said.map(([data]) => data);
  for (const { said } of stocks) {
    assert.deepEqual(said.map(([data]) => data), order);
    assert.deepEqual(said.map(([, { offset }]) => offset), Array.from({ length: 200 }, (_, n) => n + 1));
  }
  for (const { seen } of natives) assert.deepEqual(seen.map(({ data }) => data), order);
  for (let who = 0; who < 5; who++) assert.deepEqual(order.filter((data) => data.who === who).map(({ n }) => n), [...Array(40).keys()]);
});

testEachWay("presence tells both sides who comes and goes", async (t, way) => {
  const room = demo();
  const bob = await native(t, room, { name: "Bob" });
  const presence = [];
  bob.member.on("presence", ({ joined, left }) => presence.push([joined, left].map((list) => list.map(({ info }) => info?.name))));
  const { socket } = await stock(t, room, way, { name: "Ada" });
  const changes = record(socket, "presence");
  const cat = await native(t, room, { name: "Cat" });
  await changes.reach(1);
  const { members } = await socket.emitWithAck("presence", { room });
  assert.deepEqual(members.map(({ info }) => info.name).sort(), ["Ada", "Bob", "Cat"]);
  cat.member.leave();
  await changes.reach(2);
  const who = { session: cat.ropeway.session, info: { name: "Cat" } };
  assert.deepEqual(changes, [[{ type: "presence", room, joined: [who] }], [{ type: "presence", room, left: [who] }]]);
  socket.disconnect();
  await until(() => presence.length === 4);
  assert.deepEqual(presence, [[["Ada"], []], [["Cat"], []], [[], ["Cat"]], [[], ["Ada"]]]);
});

test("a client whose line breaks leaves its rooms", async (t) => {
  const room = demo();
  const bob = await native(t, room);
  const { socket } = await stock(t, room, { transports: ["polling"], reconnection: false });
  await until(() => bob.member.members.length === 2);
  socket.io.engine.close();
  await until(() => bob.member.members.length === 1);
});

testEachWay("binary: stock clients get it as it was sent, native ones as base64", async (t, way) => {
  const room = demo();
  const bob = await native(t, room);
  const { socket, said } = await stock(t, room, way);
  const other = await stock(t, room);
  await socket.emitWithAck("publish", { room, event: "say", data: { picture: Buffer.from([1, 2, 3]), caption: "small" } });
  await Promise.all([said.reach(1), other.said.reach(1), until(() => bob.seen.length === 1)]);
  for (const list of [said, other.said]) {
    const [[data, about]] = list;
    assert.deepEqual([[...new Uint8Array(data.picture)], data.caption, about.offset], [[1, 2, 3], "small", 1]);
  }
  assert.deepEqual(bob.seen[0].data, { picture: { base64: "AQID" }, caption: "small" });
});

test("the short forms: names and values in a row", async (t) => {
  const room = demo();
  const bob = await native(t, room);
  const socket = await connected(t, server.url);
  assert.equal((await socket.emitWithAck("join", room)).type, "joined");
  const said = heard(socket, "say");
  const { type, data } = await socket.emitWithAck("publish", room, "say", ["a", 1]);
  assert.deepEqual([type, data.offset], ["ack", 1]);
  const [value, about] = await said;
  assert.deepEqual([value, about.room], [["a", 1], room]);
  await until(() => bob.seen.length === 1);
  assert.equal((await socket.emitWithAck("presence", room)).members.length, 2);
  assert.deepEqual((await socket.emitWithAck("history", room)).events.map(({ data }) => data), [["a", 1]]);
  assert.deepEqual(await socket.emitWithAck("leave", room), { type: "left", room });
  const late = record(socket, "say");
  await bob.member.publish("say", "unheard");
  await socket.emitWithAck("history", room);
  assert.deepEqual(late, []);
});

test("requests without a callback are carried out, and only a failure is told", async (t) => {
  const room = demo();
  const socket = await connected(t, server.url);
  const said = heard(socket, "say");
  socket.emit("join", room);
  socket.emit("publish", room, "say", "hello");
  assert.equal((await said)[0], "hello");
  const failure = heard(socket, "error");
  socket.emit("join", "private:room");
  const [error] = await failure;
  assert.deepEqual([error.type, error.code, error.retry], ["error", "forbidden", false]);
});

testEachWay("history, and joining where one stopped listening", async (t, way) => {
  const room = demo();
  const { socket, joined, said } = await stock(t, room, way);
  await socket.emitWithAck("publish", room, "say", 1);
  await said.reach(1);
  const bob = await native(t, room);
  await socket.emitWithAck("leave", room);
  for (const n of [2, 3, 4]) await bob.member.publish("say", n);
  const since = { epoch: joined.epoch, offset: 1 };
  const again = await socket.emitWithAck("join", { room, since });
  assert.deepEqual([again.recovered, again.offset], [true, 1]);
  await said.reach(4);
  assert.deepEqual(said.map(([data, { offset }]) => [data, offset]), [[1, 1], [2, 2], [3, 3], [4, 4]]);
  const history = await socket.emitWithAck("history", { room, since, limit: 2 });
  assert.deepEqual([history.type, history.complete, history.events.map(({ data }) => data)], ["history", false, [2, 3]]);
  const lost = await socket.emitWithAck("join", { room, since: { epoch: "another", offset: 1 } });
  assert.equal(lost.recovered, false);
});

test("a publish with a key is delivered once, however often it is sent", async (t) => {
  const room = demo();
  const { socket, said } = await stock(t, room);
  const request = { room, event: "say", data: "once", key: unique("key") };
  assert.equal((await socket.emitWithAck("publish", request)).data.duplicate, undefined);
  assert.deepEqual((await socket.emitWithAck("publish", request)).data.duplicate, true);
  await socket.emitWithAck("publish", room, "say", "next");
  await said.reach(2);
  assert.deepEqual(said.map(([data]) => data), ["once", "next"]);
});

test("volatile events have no place in the history", async (t) => {
  const room = demo();
  const { socket, said } = await stock(t, room);
  await socket.emitWithAck("publish", { room, event: "say", data: "gone", volatile: true });
  await said.reach(1);
  assert.equal(said[0][1].offset, undefined);
  assert.deepEqual((await socket.emitWithAck("history", room)).events, []);
});

test("what may not be done is said so, and harms nobody", async (t) => {
  const room = demo();
  const socket = await connected(t, server.url);
  const refused = async (...request) => (await socket.emitWithAck(...request)).code;
  assert.equal(await refused("join", "private:room"), "forbidden");
  assert.equal(await refused("publish", room, "say", 1), "not_joined");
  assert.equal(await refused("join"), "bad_message");
  assert.equal(await refused("join", { room: 7 }), "bad_message");
  assert.equal(await refused("publish", { room }), "bad_message");
  assert.equal(await refused("something", 1), "no_handler");
  assert.equal((await socket.emitWithAck("join", room)).type, "joined");
});

test("a namespace that is not configured is refused", async (t) => {
  const socket = client(t, `${server.url}/other`);
  assert.equal((await heard(socket, "connect_error"))[0].message, "Invalid namespace");
});

test("the builds of the client are served as npm has them", async () => {
  const { readFile } = await import("node:fs/promises");
  const dist = new URL("../node_modules/socket.io-client/dist/", import.meta.url);
  for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"]) {
    const answer = await fetch(`${server.url}/socket.io/${name}`);
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/javascript; charset=utf-8"], name);
    assert.equal(await answer.text(), await readFile(new URL(name, dist), "utf8"), name);
    const etag = answer.headers.get("etag");
    const again = await fetch(`${server.url}/socket.io/${name}`, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304, name);
  }
});
