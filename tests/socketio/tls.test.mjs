/** Clients over TLS that ends at the server, with a certificate that only those accept who know its authority. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before } from "node:test";
import { WebSocket } from "ws";

import { certificates, isReference, startApp, startServe } from "./servers.mjs";
import { client, connected, heard, test, testEachWay } from "./support.mjs";
import { SECRET, token } from "./tokens.mjs";

const skip = isReference && "the reference leaves TLS to Node.js";
const FORGED = token({}, "another secret that is just as long as it");
/** The words of OpenSSL. */
const UNKNOWN = /unable to (get local issuer certificate|verify the first certificate)/;

let server, app, ca;

before(async () => {
  if (skip) return;
  const made = certificates();
  ca = made.ca;
  [server, app] = await Promise.all([startServe({ tls: made.tls, jwtSecret: SECRET }), startApp({ tls: made.tls, jwtSecret: SECRET })]);
});

after(() => Promise.all([server?.kill(), app?.kill()]));

testEachWay("a token opens a room, and what is said there is heard", { skip }, async (t, options) => {
  const [ada, bob] = await Promise.all(["ada", "bob"].map((sub) => connected(t, server.url, { ...options, ca, auth: { token: token({ sub }) } })));
  if (options.transports.includes("websocket")) assert.equal(ada.io.engine.transport.ws._socket.authorized, true);
  const news = heard(bob, "news");
  for (const socket of [ada, bob]) assert.equal((await socket.emitWithAck("join", "demo:tls")).type, "joined");
  await ada.emitWithAck("publish", "demo:tls", "news", "over TLS");
  const [text, { from }] = await news;
  assert.deepEqual([text, from.user], ["over TLS", "ada"]);
});

testEachWay("an application answers, with binary, too", { skip }, async (t, options) => {
  const socket = await connected(t, app.url, { ...options, ca, auth: { token: token() } });
  const noise = Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7919) % 251));
  assert.deepEqual(Buffer.from(await socket.emitWithAck("echo", noise)), noise);
  const flood = heard(socket, "echo");
  socket.emit("echo", "x".repeat(500_000));
  assert.equal((await flood)[0].length, 500_000);
});

testEachWay("without a token, or with a forged one, nobody comes in", { skip }, async (t, options) => {
  for (const auth of [{}, { token: FORGED }]) {
    const [error] = await heard(client(t, server.url, { ...options, ca, auth, reconnection: false }), "connect_error");
    assert.deepEqual(error.data, { code: "unauthorized" });
  }
});

for (const way of ["polling", "websocket"]) {
  test(`who does not know the authority does not talk to the server: ${way}`, { skip }, async (t) => {
    const socket = client(t, server.url, { transports: [way], auth: { token: token() }, reconnection: false });
    const [error] = await heard(socket, "connect_error");
    assert.match(String(error.description?.message ?? error.context?.statusText), UNKNOWN);
  });
}

/** A connection of npm `ws` to the native endpoint. */
function native(t, protocols, options, path = "/ws") {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}${path}`, protocols, options);
  t.after(() => socket.terminate());
  return socket;
}

/** The user that others see. */
async function user(socket) {
  const messages = [];
  socket.on("message", (text) => messages.push(JSON.parse(text)));
  if (socket.readyState !== WebSocket.OPEN) await once(socket, "open");
  const room = "demo:ws-over-tls";
  for (const message of [{ type: "join", room }, { type: "publish", room, event: "e", data: 1, id: "1" }]) socket.send(JSON.stringify(message));
  while (!messages.some(({ id }) => id === "1")) await once(socket, "message");
  return messages.find(({ type }) => type === "event").from.user;
}

test("ws: a token in the subprotocol, in a header, in the first message", { skip }, async (t) => {
  const inProtocol = native(t, ["ropeway.json", `ropeway.token.${token()}`], { ca });
  assert.equal(await user(inProtocol), "ada");
  assert.equal(inProtocol.protocol, "ropeway.json");
  assert.equal(await user(native(t, [], { ca, headers: { authorization: `Bearer ${token({ sub: "bob" })}` } })), "bob");
  const later = native(t, ["ropeway.json"], { ca });
  await once(later, "open");
  later.send(JSON.stringify({ type: "auth", token: token({ sub: "eve" }) }));
  assert.equal(await user(later), "eve");
});

test("ws: a forged token is answered with 401, an unknown authority with nothing", { skip }, async (t) => {
  const [forged] = await once(native(t, [], { ca, headers: { authorization: `Bearer ${FORGED}` } }), "error");
  assert.equal(forged.message, "Unexpected server response: 401");
  const [unknown] = await once(native(t, [], { headers: { authorization: `Bearer ${token()}` } }), "error");
  assert.match(unknown.message, UNKNOWN);
});

test("ws: large messages, compressed and not, come back as they were sent", { skip }, async (t) => {
  for (const perMessageDeflate of [true, false]) {
    const socket = native(t, [], { ca, perMessageDeflate }, "/echo");
    await once(socket, "open");
    const sent = Buffer.alloc(700_000, "over TLS, ");
    socket.send(sent);
    const [back] = await once(socket, "message");
    assert.ok(sent.equals(back));
    socket.close(1000);
    assert.equal((await once(socket, "close"))[0], 1000);
  }
});
