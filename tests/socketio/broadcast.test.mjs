/** Rooms and the operators of an application: who hears what, once. */
import assert from "node:assert/strict";

import { connected, heard, record, settled, sharedApp, test, testEachWay, unique, WAYS } from "./support.mjs";

const app = sharedApp();
const crowd = (t, count, options, url = app.server.url) => Promise.all(Array.from({ length: count }, () => connected(t, url, options)));

testEachWay("a socket in several addressed rooms hears an event once", async (t, options) => {
  const [one, two] = [unique("room"), unique("room")];
  const [ada, bob, cat] = await crowd(t, 3, options);
  for (const room of [one, two]) await bob.emitWithAck("join", room);
  await cat.emitWithAck("join", two);
  const news = [ada, bob, cat].map((socket) => record(socket, "news"));
  await ada.emitWithAck("emit", { to: [one, two], event: "news", args: ["x"] });
  await settled(ada, bob, cat);
  assert.deepEqual(news, [[], [["x"]], [["x"]]]);
});

testEachWay("to a room from a socket: everybody but the sender", async (t, options) => {
  const room = unique("room");
  const sockets = await crowd(t, 3, options);
  for (const socket of sockets) await socket.emitWithAck("join", room);
  const news = sockets.map((socket) => record(socket, "news"));
  await sockets[0].emitWithAck("emit", { from: "socket", to: [room], event: "news", args: [1, "two"] });
  await settled(...sockets);
  assert.deepEqual(news, [[], [[1, "two"]], [[1, "two"]]]);
});

test("everybody, everybody else, all but some", async (t) => {
  const url = `${app.server.url}/dynamic-100`;
  const [ada, bob, cat] = await crowd(t, 3, {}, url);
  await cat.emitWithAck("join", "quiet");
  const news = [ada, bob, cat].map((socket) => record(socket, "news"));
  await ada.emitWithAck("emit", { event: "news", args: ["all"] });
  await ada.emitWithAck("emit", { from: "socket", event: "news", args: ["others"] });
  await ada.emitWithAck("emit", { except: ["quiet"], event: "news", args: ["not quiet"] });
  await ada.emitWithAck("emit", { except: [bob.id], event: "news", args: ["not bob"] });
  await settled(ada, bob, cat);
  const seen = news.map((list) => list.flat());
  assert.deepEqual(seen, [["all", "not quiet", "not bob"], ["all", "others", "not quiet"], ["all", "others", "not bob"]]);
});

test("the id of a socket is a room of its own", async (t) => {
  const [ada, bob] = await crowd(t, 2);
  assert.deepEqual(await bob.emitWithAck("rooms"), [bob.id]);
  const news = heard(bob, "news");
  await ada.emitWithAck("emit", { to: [bob.id], event: "news", args: ["for you"] });
  assert.deepEqual(await news, ["for you"]);
  await bob.emitWithAck("join", ada.id);
  const both = [heard(ada, "news"), heard(bob, "news")];
  await ada.emitWithAck("emit", { to: [ada.id], event: "news", args: ["for us"] });
  assert.deepEqual(await Promise.all(both), [["for us"], ["for us"]]);
});

test("one who left hears nothing more", async (t) => {
  const room = unique("room");
  const [ada, bob] = await crowd(t, 2);
  await bob.emitWithAck("join", room);
  assert.deepEqual((await bob.emitWithAck("rooms")).sort(), [bob.id, room].sort());
  await bob.emitWithAck("leave", room);
  const news = record(bob, "news");
  await ada.emitWithAck("emit", { to: [room], event: "news", args: [1] });
  await settled(bob);
  assert.deepEqual(news, []);
  assert.deepEqual(await bob.emitWithAck("rooms"), [bob.id]);
});

test("clients with different parsers and transports hear the same", async (t) => {
  if (process.env.SOCKETIO_REFERENCE) return t.skip("the reference server has one parser");
  const room = unique("room");
  const sockets = await Promise.all(Object.values(WAYS).map((options) => connected(t, app.server.url, options)));
  for (const socket of sockets) await socket.emitWithAck("join", room);
  const news = sockets.map((socket) => record(socket, "news"));
  for (const [n, socket] of sockets.entries())
    await socket.emitWithAck("emit", { to: [room], event: "news", args: [n, { bytes: Buffer.from([n]) }] });
  await settled(...sockets);
  const expected = sockets.map((_, n) => [n, { bytes: n }]);
  for (const list of news) assert.deepEqual(list.map(([n, { bytes }]) => [n, { bytes: new Uint8Array(bytes)[0] }]), expected);
});

testEachWay("a broadcast with acknowledgements gathers them all", async (t, options) => {
  const room = unique("room");
  const sockets = await crowd(t, 5, options);
  for (const [n, socket] of sockets.entries()) {
    await socket.emitWithAck("join", room);
    socket.on("vote", (question, ack) => ack(`${question} ${n}`));
  }
  const { answers } = await sockets[0].emitWithAck("collect", { to: [room], timeout: 20_000, event: "vote", args: ["yes?"] });
  assert.deepEqual(answers.sort(), ["yes? 0", "yes? 1", "yes? 2", "yes? 3", "yes? 4"]);
});

test("a broadcast with acknowledgements to nobody ends at once", async (t) => {
  const [ada] = await crowd(t, 1);
  const asked = { to: [unique("empty")], timeout: 60_000, event: "vote", args: [] };
  assert.deepEqual(await ada.emitWithAck("collect", asked), { answers: [] });
});

test("a broadcast with acknowledgements says who answered when somebody does not", async (t) => {
  const room = unique("room");
  const [ada, bob] = await crowd(t, 2);
  for (const socket of [ada, bob]) await socket.emitWithAck("join", room);
  ada.on("vote", (ack) => ack("ada"));
  const outcome = await ada.emitWithAck("collect", { to: [room], timeout: 3000, event: "vote", args: [] });
  assert.deepEqual(outcome, { error: "timeout", answers: ["ada"] });
});

test("sockets can be found, moved between rooms and sent away", async (t) => {
  const [lobby, hall] = [unique("lobby"), unique("hall")];
  const [ada, bob, cat] = await crowd(t, 3);
  for (const socket of [bob, cat]) await socket.emitWithAck("join", lobby);
  await bob.emitWithAck("data", { name: "Bob" });
  const found = await ada.emitWithAck("sockets", { to: [lobby] });
  assert.deepEqual(found.map(({ id }) => id).sort(), [bob.id, cat.id].sort());
  const described = found.find(({ id }) => id === bob.id);
  assert.deepEqual(described, { id: bob.id, rooms: [bob.id, lobby].sort(), data: { name: "Bob" } });
  await ada.emitWithAck("sockets-join", { to: [lobby], rooms: [hall] });
  assert.equal((await ada.emitWithAck("sockets", { to: [hall] })).length, 2);
  await ada.emitWithAck("sockets-leave", { to: [cat.id], rooms: [hall] });
  assert.deepEqual((await ada.emitWithAck("sockets", { to: [hall] })).map(({ id }) => id), [bob.id]);
  const gone = [heard(bob, "disconnect"), heard(cat, "disconnect")];
  ada.emit("sockets-disconnect", { to: [lobby], close: false });
  for (const [reason] of await Promise.all(gone)) assert.equal(reason, "io server disconnect");
  assert.deepEqual(await ada.emitWithAck("sockets", { to: [lobby] }), []);
});

test("volatile events reach those who can take them", async (t) => {
  const room = unique("room");
  const [ada, bob] = await crowd(t, 2, { transports: ["websocket"] });
  await bob.emitWithAck("join", room);
  const news = heard(bob, "news");
  await ada.emitWithAck("emit", { to: [room], volatile: true, event: "news", args: ["now"] });
  assert.deepEqual(await news, ["now"]);
});
