/** What a client can say of itself when it connects, and where. */
import assert from "node:assert/strict";

import { startApp } from "./servers.mjs";
import { client, connected, connection, heard, sharedApp, test, testEachWay } from "./support.mjs";

const app = sharedApp();

testEachWay("the handshake tells the application of query, headers, auth and the rest", async (t, options) => {
  const socket = await connected(t, app.server.url, {
    ...options,
    query: { lang: "de", odd: "a b&c=ü" },
    extraHeaders: { "X-Tenant": "acme" },
    auth: { token: "abc", nested: { n: 1 } },
  });
  const handshake = await socket.emitWithAck("handshake");
  assert.deepEqual([handshake.query.lang, handshake.query.odd, handshake.query.EIO], ["de", "a b&c=ü", "4"]);
  assert.equal(handshake.query.transport, options.transports[0]);
  assert.equal(handshake.headers["x-tenant"], "acme");
  assert.equal(handshake.headers.host, `127.0.0.1:${app.server.port}`);
  assert.deepEqual(handshake.auth, { token: "abc", nested: { n: 1 } });
  assert.deepEqual([handshake.secure, handshake.xdomain], [false, false]);
  assert.match(handshake.address, /127\.0\.0\.1$/);
  assert.match(handshake.url, /^\/(socket\.io|msgpack)\/\?/);
  assert.ok(Math.abs(handshake.issued - Date.now()) < 60_000, String(handshake.issued));
});

test("each namespace has an auth of its own, and a function may give it", async (t) => {
  const socket = await connected(t, app.server.url, { auth: { name: "main" } });
  const chat = socket.io.socket("/chat", { auth: (give) => setTimeout(give, 10, { name: "chat" }) });
  await connection(chat);
  assert.equal((await socket.emitWithAck("handshake")).auth.name, "main");
  assert.equal((await chat.emitWithAck("handshake")).auth.name, "chat");
  chat.disconnect();
});

test("without auth there is an empty one", async (t) => {
  const socket = await connected(t, app.server.url);
  assert.deepEqual((await socket.emitWithAck("handshake")).auth, {});
});

test("Socket.IO can be served elsewhere", async (t) => {
  const server = await startApp({ path: "/real/time" });
  t.after(() => server.kill());
  for (const options of [{ path: "/real/time" }, { path: "/real/time/" }]) {
    const socket = await connected(t, server.url, options);
    assert.equal(await socket.emitWithAck("echo", "there"), "there");
  }
  const astray = client(t, server.url, { transports: ["polling"], reconnection: false });
  assert.equal((await heard(astray, "connect_error"))[0].message, "xhr poll error");
});

test("with a cookie the session is named by one too, and the client sends it back", async (t) => {
  const server = await startApp({ cookie: "io" });
  t.after(() => server.kill());
  const socket = await connected(t, server.url, { transports: ["polling"], withCredentials: true });
  assert.equal(await socket.emitWithAck("echo", "sweet"), "sweet");
  const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  const { sid } = JSON.parse((await answer.text()).slice(1));
  assert.equal(answer.headers.get("set-cookie"), `io=${sid}; Path=/; HttpOnly; SameSite=Lax`);
  const next = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { method: "POST", body: "40" });
  assert.equal(next.headers.get("set-cookie"), null);
});

test("cookies that the client has anyway reach the application", async (t) => {
  const extraHeaders = { cookie: "theme=dark; session=s1" };
  for (const transports of [["polling"], ["websocket"]]) {
    const socket = await connected(t, app.server.url, { transports, extraHeaders });
    assert.equal((await socket.emitWithAck("handshake")).headers.cookie, "theme=dark; session=s1");
  }
});

test("time stamps and base64 are the client's business", async (t) => {
  for (const options of [
    { timestampRequests: true, timestampParam: "when" },
    { timestampRequests: false },
    { transports: ["polling"], forceBase64: true },
    { transports: ["websocket"], forceBase64: true },
  ]) {
    const socket = await connected(t, app.server.url, options);
    const bytes = Buffer.from([1, 2, 3]);
    assert.deepEqual(Buffer.from(await socket.emitWithAck("echo", bytes)), bytes, JSON.stringify(options));
  }
});

test("a client may be closed and opened at will", async (t) => {
  const socket = client(t, app.server.url, { autoConnect: false });
  assert.equal(socket.connected, false);
  for (let round = 0; round < 5; round++) {
    socket.connect();
    await connection(socket);
    assert.equal(await socket.emitWithAck("echo", round), round);
    socket.disconnect();
  }
});
