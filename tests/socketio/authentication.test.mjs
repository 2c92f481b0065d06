/** Tokens: where clients may put them, what becomes of those without, and how long a token lasts. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { isReference, startApp, startServe } from "./servers.mjs";
import { client, connected, connection, heard, record, test, WAYS } from "./support.mjs";
import { inSeconds, SECRET, token } from "./tokens.mjs";

const NEEDS = { message: "credentials are needed", code: "unauthorized" };

let server;
before(async () => {
  if (isReference) return;
  server = await startServe({ jwtSecret: SECRET, jwtLeeway: 1, namespaces: "/, /other" });
});
after(() => server?.kill());

/** What only Ropeway has, on each way. */
function testEachWay(name, body) {
  for (const [way, options] of Object.entries(WAYS)) testOurs(`${name}: ${way}`, (t) => body(t, options));
}

function testOurs(name, body) {
  test(name, { skip: isReference }, body);
}

/** How a namespace refuses a client. */
async function refusal(t, options, url = server.url) {
  const [error] = await heard(client(t, url, { reconnection: false, ...options }), "connect_error");
  return { message: error.message, ...error.data };
}

/** Shows that a client is in, as somebody. */
async function isIn(socket) {
  const joined = await socket.emitWithAck("join", "demo:tokens");
  assert.deepEqual([joined.type, joined.room], ["joined", "demo:tokens"]);
}

testEachWay("a token in auth lets a client in", async (t, options) => {
  await isIn(await connected(t, server.url, { ...options, auth: { token: token() } }));
});

testEachWay("auth may be a function that fetches the token", async (t, options) => {
  const auth = (give) => setTimeout(give, 10, { token: token() });
  await isIn(await connected(t, server.url, { ...options, auth }));
});

testEachWay("without a token there is a session and no namespace", async (t, options) => {
  assert.deepEqual(await refusal(t, options), NEEDS);
  assert.deepEqual(await refusal(t, { ...options, auth: { token: null } }), NEEDS);
});

testEachWay("tokens that nobody vouches for are refused", async (t, options) => {
  const [head, claims] = token().split(".");
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  const forged = [
    "no token at all",
    token({}, "another secret that is just as long as it"),
    `${head}.${claims}.`,
    `${none}.${claims}.`,
    token({ nbf: inSeconds(600) }),
    token({ exp: undefined }),
    7,
  ];
  for (const token of forged) {
    const { code, message } = await refusal(t, { ...options, auth: { token } });
    assert.equal(code, "unauthorized", String(token));
    assert.ok(!message.includes(token), "the message quotes the token");
  }
});

testEachWay("a client whose token has ended is told so, and comes in with a fresh one", async (t, options) => {
  const socket = client(t, server.url, { ...options, auth: { token: token({ exp: inSeconds(-60) }) } });
  const [error] = await heard(socket, "connect_error");
  assert.deepEqual([error.message, error.data], ["token expired", { code: "token_expired" }]);
  socket.auth = { token: token() };
  socket.connect();
  await connection(socket);
  await isIn(socket);
});

testEachWay("a token in the query or a header is enough", async (t, options) => {
  await isIn(await connected(t, server.url, { ...options, query: { token: token() } }));
  await isIn(await connected(t, server.url, { ...options, extraHeaders: { Authorization: `Bearer ${token()}` } }));
});

for (const way of ["polling", "websocket"]) {
  testOurs(`a bad token in the query or a header gets no session: ${way}`, async (t) => {
    const told = { polling: "xhr poll error", websocket: "websocket error" }[way];
    const bad = token({}, "another secret that is just as long as it");
    for (const where of [{ query: { token: bad } }, { extraHeaders: { Authorization: `Bearer ${bad}` } }]) {
      const socket = client(t, server.url, { ...WAYS[way], ...where, auth: { token: token() }, reconnection: false });
      const [error] = await heard(socket, "connect_error");
      assert.equal(error.message, told);
      assert.equal(way === "polling" ? error.context.status : error.description.message, { polling: 401, websocket: "Unexpected server response: 401" }[way]);
    }
  });
}

testEachWay("a token opens the namespaces that it names, and no others", async (t, options) => {
  const auth = { token: token({ ropeway: { namespaces: ["/other"] } }) };
  assert.equal((await refusal(t, { ...options, auth })).code, "forbidden");
  await isIn(await connected(t, `${server.url}/other`, { ...options, auth }));
});

testEachWay("each namespace of a connection has a token of its own", async (t, options) => {
  const socket = await connected(t, server.url, { ...options, auth: { token: token() } });
  const other = socket.io.socket("/other", { auth: {} });
  const [error] = await heard(other, "connect_error");
  assert.deepEqual(error.data, { code: "unauthorized" });
  other.auth = { token: token({ sub: "bob" }) };
  other.connect();
  await connection(other);
  await isIn(other);
  await isIn(socket);
});

testEachWay("rooms are those of the token", async (t, options) => {
  const rights = { join: ["demo:own"], publish: [] };
  const socket = await connected(t, server.url, { ...options, auth: { token: token({ ropeway: rights }) } });
  assert.equal((await socket.emitWithAck("join", "demo:own")).type, "joined");
  for (const request of [["join", "demo:else"], ["publish", "demo:own", "news", 1]]) {
    assert.equal((await socket.emitWithAck(...request)).code, "forbidden", request.join());
  }
});

testOurs("who renews its token in time goes on, who does not is put out and comes back with a fresh one", async (t) => {
  await Promise.all(Object.values(WAYS).map((options) => untilTheEnd(t, options)));
});

async function untilTheEnd(t, options) {
  const short = token({ exp: inSeconds(10) });
  const renewing = await connected(t, server.url, { ...options, auth: { token: short } });
  const [gone, warned] = [record(renewing, "disconnect"), heard(renewing, "auth_expiring")];
  const tokens = [short, token()];
  const idle = await connected(t, server.url, { ...options, auth: (give) => give({ token: tokens.shift() }) });
  const put = heard(idle, "disconnect");

  const [{ expires_in: left }] = await warned;
  assert.ok(left > 0 && left <= 11_000, String(left));
  for (const [bad, code] of [[token({ sub: "eve" }), "forbidden"], ["nonsense", "unauthorized"]]) {
    assert.equal((await renewing.emitWithAck("auth", { token: bad })).code, code);
  }
  const renewed = await renewing.emitWithAck("auth", { token: token() });
  assert.deepEqual([renewed.type, renewed.user, renewed.expires_in > 3_000_000], ["auth_ok", "ada", true]);

  assert.equal((await put)[0], "io server disconnect");
  idle.connect();
  await connection(idle);
  await isIn(idle);
  // Both had the same token, which has ended.
  await isIn(renewing);
  assert.deepEqual(gone, []);
}

testOurs("where anybody may come in, a bad token is refused all the same", async (t) => {
  const open = await startServe({ jwtSecret: SECRET, anonymous: true });
  t.after(() => open.kill());
  await isIn(await connected(t, open.url));
  await isIn(await connected(t, open.url, { auth: { token: token() } }));
  assert.equal((await refusal(t, { auth: { token: "nonsense" } }, open.url)).code, "unauthorized");
});

testOurs("an application sees nobody without a token, and its middleware comes after it", async (t) => {
  const app = await startApp({ jwtSecret: SECRET });
  t.after(() => app.kill());
  assert.deepEqual(await refusal(t, {}, `${app.url}/guarded`), NEEDS);
  const auth = { token: token() };
  // Good, and not what the middleware wants.
  assert.equal((await refusal(t, { auth }, `${app.url}/guarded`)).message, "not authorized");
  const socket = await connected(t, app.url, { auth });
  assert.equal(await socket.emitWithAck("echo", "in"), "in");
});

testOurs("python-socketio: a token in auth or a header", async (t) => {
  const python = process.env.PYTHON;
  assert.ok(python, "PYTHON names no interpreter; `cargo xtask test --only socketio` sets it");
  const script = fileURLToPath(new URL("authentication.py", import.meta.url));
  const child = spawn(python, [script, server.url, token()], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill());
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => said.push(data));
  const [code] = await once(child, "close");
  assert.equal(code, 0, said.join(""));
});
