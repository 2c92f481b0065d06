/** Namespaces: several on one connection, those that come into being, and middleware that refuses. */
import assert from "node:assert/strict";
import { Manager } from "socket.io-client";

import { client, connected, connection, heard, record, sharedApp, test, testEachWay, unique, WAYS } from "./support.mjs";
import { PASSWORD } from "./tokens.mjs";

const app = sharedApp();

/** One connection for several sockets. */
function manager(t, options = {}) {
  const manager = new Manager(app.server.url, { reconnectionDelay: 20, reconnectionDelayMax: 200, ...options });
  t.after(() => manager._close());
  return manager;
}

testEachWay("several namespaces share one connection, each with a socket of its own", async (t, options) => {
  const shared = manager(t, options);
  const [main, chat, guarded] = [shared.socket("/"), shared.socket("/chat"), shared.socket("/guarded", { auth: { token: PASSWORD } })];
  await Promise.all([main, chat, guarded].map(connection));
  assert.equal(new Set([main.id, chat.id, guarded.id]).size, 3);
  const echoes = [main, chat, guarded].map((socket) => record(socket, "echo"));
  await Promise.all([main.emitWithAck("echo", "m"), chat.emitWithAck("echo", "c"), guarded.emitWithAck("echo", "g")]);
  chat.emit("echo", "only for chat");
  await echoes[1].reach(1);
  await Promise.all([main, guarded].map((socket) => socket.emitWithAck("echo")));
  assert.deepEqual(echoes, [[], [["only for chat"]], []]);
});

test("the clients of one address share a connection unless told otherwise", async (t) => {
  const [main, chat] = [client(t, app.server.url, { forceNew: false }), client(t, `${app.server.url}/chat`, { forceNew: false })];
  const forced = client(t, app.server.url, { forceNew: true });
  await Promise.all([main, chat, forced].map(connection));
  assert.equal(main.io, chat.io);
  assert.notEqual(main.io, forced.io);
  assert.notEqual(main.io.engine.id, forced.io.engine.id);
});

testEachWay("rooms of the same name in two namespaces are two rooms", async (t, options) => {
  const room = unique("room");
  const shared = manager(t, options);
  const [main, chat] = [shared.socket("/"), shared.socket("/chat")];
  await Promise.all([main, chat].map(connection));
  await Promise.all([main, chat].map((socket) => socket.emitWithAck("join", room)));
  const [inMain, inChat] = [record(main, "news"), record(chat, "news")];
  await chat.emitWithAck("emit", { to: [room], event: "news", args: [1] });
  await inChat.reach(1);
  await main.emitWithAck("echo");
  assert.deepEqual([inMain.length, inChat.length], [0, 1]);
});

test("leaving one namespace leaves the others alone, and it can be entered again", async (t) => {
  const shared = manager(t);
  const [main, chat] = [shared.socket("/"), shared.socket("/chat")];
  await Promise.all([main, chat].map(connection));
  const { id } = chat;
  const gone = heard(chat, "disconnect");
  chat.disconnect();
  assert.deepEqual((await gone)[0], "io client disconnect");
  assert.equal(await main.emitWithAck("echo", "here"), "here");
  chat.connect();
  await connection(chat);
  assert.notEqual(chat.id, id);
  assert.equal(await chat.emitWithAck("echo", "back"), "back");
});

testEachWay("an unknown namespace is refused, and the connection lives on", async (t, options) => {
  const shared = manager(t, options);
  const unknown = shared.socket("/unknown");
  const [error] = await heard(unknown, "connect_error");
  assert.equal(error.message, "Invalid namespace");
  assert.equal(error.data, undefined);
  assert.equal(unknown.active, false);
  const main = shared.socket("/");
  await connection(main);
  assert.equal(await main.emitWithAck("echo", "fine"), "fine");
});

test("namespaces come into being by pattern", async (t) => {
  const shared = manager(t);
  const [one, two, other] = ["/dynamic-1", "/dynamic-22", "/dyn-1"].map((name) => shared.socket(name));
  const [refusal] = await Promise.all([heard(other, "connect_error"), connection(one), connection(two)]);
  assert.equal(refusal[0].message, "Invalid namespace");
  await Promise.all([one, two].map((socket) => socket.emitWithAck("join", "room")));
  const heardByTwo = record(two, "news");
  const news = heard(one, "news");
  await one.emitWithAck("emit", { to: ["room"], event: "news", args: ["of one"] });
  assert.deepEqual(await news, ["of one"]);
  await two.emitWithAck("echo");
  assert.deepEqual(heardByTwo, []);
});

test("namespaces come into being by a function that reads what the client presents", async (t) => {
  const url = `${app.server.url}/tenant/acme`;
  for (const auth of [{ tenant: "other" }, {}]) {
    const refused = client(t, url, { auth });
    assert.equal((await heard(refused, "connect_error"))[0].message, "Invalid namespace");
  }
  const socket = await connected(t, url, { auth: { tenant: "acme" } });
  assert.equal(await socket.emitWithAck("echo", "ours"), "ours");
});

for (const way of ["upgrade", "msgpack"]) {
  test(`middleware refuses with a message and data, and lets in with other credentials: ${way}`, async (t) => {
    const socket = client(t, `${app.server.url}/guarded`, { ...WAYS[way], auth: { token: "guess" } });
    const [error] = await heard(socket, "connect_error");
    assert.equal(error.message, "not authorized");
    assert.deepEqual(error.data, { code: 401, hint: "send a token" });
    // After a refusal the client does not come back by itself.
    assert.equal(socket.active, false);
    socket.auth = (give) => give({ token: PASSWORD });
    socket.connect();
    await connection(socket);
    assert.equal(await socket.emitWithAck("echo", "in"), "in");
  });
}

testEachWay("middleware that takes its time is waited for, and nothing is lost meanwhile", async (t, options) => {
  const socket = client(t, `${app.server.url}/slow`, { ...options, auth: { token: PASSWORD } });
  const answers = Promise.all([1, 2, 3].map((n) => socket.emitWithAck("echo", n)));
  const refused = client(t, `${app.server.url}/slow`, { ...options, auth: { token: "guess" } });
  const [error] = await heard(refused, "connect_error");
  assert.equal(error.message, "not authorized");
  assert.deepEqual(await answers, [1, 2, 3]);
  assert.deepEqual((await socket.emitWithAck("me")).data, { admitted: true });
});

test("a client that leaves while middleware runs is forgotten", async (t) => {
  const watcher = await connected(t, `${app.server.url}/slow`, { auth: { token: PASSWORD } });
  const leaving = client(t, `${app.server.url}/slow`, { auth: { token: PASSWORD }, transports: ["websocket"] });
  await heard(leaving.io, "open");
  leaving.disconnect();
  const staying = await connected(t, `${app.server.url}/slow`, { auth: { token: PASSWORD } });
  const ids = (await staying.emitWithAck("sockets", {})).map(({ id }) => id);
  assert.deepEqual(ids.sort(), [staying.id, watcher.id].sort());
});

test("a namespace may have any name", async (t) => {
  const shared = manager(t);
  for (const name of ["/a/b/c", "/ünïcode", "/with space"]) {
    const [error] = await heard(shared.socket(name), "connect_error");
    assert.equal(error.message, "Invalid namespace");
  }
});
