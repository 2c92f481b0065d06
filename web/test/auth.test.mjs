/** Tokens, tickets, and the server's word on when to come back. */
import assert from "node:assert/strict";

import { Ropeway } from "../client/ropeway.js";
import { fakeTimers, joined, opened, record, setup, test, until } from "./support.mjs";

/** A server that asks for a token before it welcomes; `good` says which it takes. */
function guarded(good) {
  const intercept = (message, connection) => {
    if (message.type !== "auth") return false;
    if (!good(message.token)) {
      connection.send({ type: "error", code: "unauthorized", message: "the token is not good", retry: false });
      connection.ws.close(4001, "unauthorized");
    } else {
      connection.send({ type: "auth_ok", user: "ada", expires_in: 60000 });
      if (!connection.isWelcome) connection.welcome();
      connection.isWelcome = true;
    }
    return true;
  };
  return { welcome: null, intercept };
}

test("the token is the first message, and the server says who it is for", async (t) => {
  const { server, connect } = await setup(t, guarded((token) => token === "good"));
  const client = connect({ token: "good" });
  const room = client.join("demo:a");
  await joined(room);
  assert.equal(client.user, "ada");
  assert.equal(server.received[0].type, "auth");
});

test("a token that is refused ends it, and says why", async (t) => {
  const { server, connect } = await setup(t, guarded(() => false));
  const client = connect({ token: "bad" });
  const errors = record(client, "error");
  const closes = record(client, "close");
  await until(() => closes.length, "the client is closed");
  assert.deepEqual([closes[0].code, closes[0].final], [4001, true]);
  assert.equal(errors[0].error.code, "unauthorized");
  assert.equal(server.connections.length, 1);
});

test("a function is asked for each connection, and again when the token ends soon", async (t) => {
  let count = 0;
  const { server, connect } = await setup(t, guarded(() => true));
  const client = connect({ token: async () => `token ${++count}` });
  await opened(client);
  server.connections[0].send({ type: "expiring", expires_in: 1000 });
  await until(() => server.of("auth").length === 2, "the client renews");
  server.cut();
  await until(() => server.of("auth").length === 3, "the client comes back");
  assert.deepEqual(server.of("auth").map(({ token }) => token), ["token 1", "token 2", "token 3"]);
});

test("an expired token is final where there is no other, and not where a function fetches one", async (t) => {
  for (const [token, final] of [["fixed", true], [() => "fresh", false]]) {
    const { server, connect } = await setup(t, guarded(() => true));
    const client = connect({ token });
    await opened(client);
    const closes = record(client, "close");
    server.connections[0].ws.close(4001, "token expired");
    await until(() => closes.length, "the client hears of it");
    assert.equal(closes[0].final, final);
    if (!final) await until(() => server.of("auth").length === 2, "the client comes back");
  }
});

test("a function that fails is reported and asked again", async (t) => {
  let count = 0;
  const { connect } = await setup(t, guarded(() => true));
  const token = async () => {
    if (++count === 1) throw new Error("no network");
    return "good";
  };
  const client = connect({ token });
  const errors = record(client, "error");
  await opened(client);
  assert.deepEqual([errors.length, errors[0].error.code, errors[0].error.retry], [1, "no_token", true]);
});

test("each connection has a ticket of its own in its address", async (t) => {
  let count = 0;
  const { server, connect } = await setup(t);
  const client = connect({ ticket: async () => `t&${++count}` });
  await opened(client);
  server.cut();
  await until(() => server.connections.length === 2, "the client comes back");
  assert.deepEqual(server.connections.map(({ url }) => url), ["/ws?ticket=t%261", "/ws?ticket=t%262"]);
});

test("a client that is closed while it waits for its ticket stays closed", async (t) => {
  const { server, connect } = await setup(t);
  let give;
  const client = connect({ ticket: () => new Promise((resolve) => (give = resolve)) });
  client.close();
  give("late");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([client.readyState, server.connections.length], [Ropeway.CLOSED, 0]);
});

test("a ticket that does not come in time is a failed attempt", async (t) => {
  const timers = fakeTimers(t);
  const { connect } = await setup(t);
  let count = 0;
  const ticket = () => (++count === 1 ? new Promise(() => {}) : "second");
  const client = connect({ ticket, connectTimeout: 50 });
  const closes = record(client, "close");
  await until(() => count === 1);
  timers.tick(50);
  await until(() => closes.length === 1);
  timers.tick(closes[0].retryIn);
  await opened(client);
  assert.deepEqual([closes.length, closes[0].final], [1, false]);
});

test("the server says when to come back, once", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  await opened(client);
  const closes = record(client, "close");
  server.connections[0].send({ type: "reconnect", after: 77 });
  server.connections[0].ws.close(1012, "restart");
  await until(() => server.connections.length === 2, "the client comes back");
  assert.equal(closes[0].retryIn, 77);
  await opened(client);
  server.cut();
  await until(() => closes.length === 2, "the connection is cut");
  assert.ok(closes[1].retryIn <= 40, `${closes[1].retryIn} ms`);
});
