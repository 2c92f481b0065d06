/**
 * The application of app.rs on the reference server (npm `socket.io`): `node reference.mjs PORT OPTIONS`.
 *
 * It shows that the tests ask for what Socket.IO does. `SOCKETIO_REFERENCE=1` lets them run against it.
 */
import { createServer } from "node:http";
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";

import { PASSWORD } from "./tokens.mjs";

const [port, options] = [Number(process.argv[2]), JSON.parse(process.argv[3] ?? "{}")];

const http = createServer((request, response) => response.writeHead(404).end());

const attempts = new Map();

/** The sockets that a request names. */
function addressed(socket, { from = "server", to = [], except = [], volatile = false, timeout } = {}) {
  let operator = from === "socket" ? socket : socket.nsp;
  if (volatile) operator = operator.volatile;
  // A socket without a room addresses itself; `except` nobody makes it a broadcast.
  operator = to.length > 0 ? operator.to(to) : operator.except([]);
  if (except.length > 0) operator = operator.except(except);
  return timeout === undefined ? operator : operator.timeout(timeout);
}

const described = ({ id, rooms, data }) => ({ id, rooms: [...rooms].sort(), data });

/** What handlers of every namespace do. */
const events = {
  echo(socket, ...args) {
    const ack = typeof args.at(-1) === "function" && args.pop();
    ack ? ack(...args) : socket.emit("echo", ...args);
  },
  silent() {},
  flaky(socket, key, successful, ack) {
    attempts.set(key, (attempts.get(key) ?? 0) + 1);
    if (attempts.get(key) >= successful) ack(attempts.get(key));
  },
  async ask(socket, { event, args, timeout }, ack) {
    const answer = socket.timeout(timeout).emitWithAck(event, ...args);
    ack(await answer.then((answer) => ({ answer }), () => ({ error: "timeout" })));
  },
  join: (socket, room, ack) => (socket.join(room), ack()),
  leave: (socket, room, ack) => (socket.leave(room), ack()),
  rooms: (socket, ack) => ack([...socket.rooms].sort()),
  emit(socket, request, ack) {
    addressed(socket, request).emit(request.event, ...request.args);
    ack?.();
  },
  async collect(socket, request, ack) {
    const answers = addressed(socket, request).emitWithAck(request.event, ...request.args);
    ack(await answers.then((answers) => ({ answers }), (error) => ({ error: "timeout", answers: error.responses })));
  },
  async sockets(socket, request, ack) {
    ack((await addressed(socket, request).fetchSockets()).map(described));
  },
  "sockets-join": (socket, { rooms, ...request }, ack) => (addressed(socket, request).socketsJoin(rooms), ack()),
  "sockets-leave": (socket, { rooms, ...request }, ack) => (addressed(socket, request).socketsLeave(rooms), ack()),
  "sockets-disconnect": (socket, { close, ...request }) => addressed(socket, request).disconnectSockets(close),
  data: (socket, value, ack) => ((socket.data = value), ack()),
  me: (socket, ack) => ack({ id: socket.id, recovered: socket.recovered, data: socket.data }),
  handshake(socket, ack) {
    const { headers, query, auth, url, secure, xdomain, address, issued } = socket.handshake;
    ack({ headers, query, auth, url, secure, xdomain, address, issued });
  },
  flood(socket, count, bytes) {
    for (let n = 0; n < count; n++) socket.emit("flood", n, "x".repeat(bytes));
  },
  farewell: (socket, close) => socket.disconnect(close),
};

function connected(socket) {
  for (const [name, handler] of Object.entries(events)) socket.on(name, (...args) => handler(socket, ...args));
  socket.emit("welcome", socket.id, socket.recovered);
  socket.on("disconnect", (reason) => socket.nsp.to("watchers").emit("gone", socket.id, reason));
}

function guard(socket, next) {
  if (socket.handshake.auth.token === PASSWORD) return next();
  next(Object.assign(new Error("not authorized"), { data: { code: 401, hint: "send a token" } }));
}

async function slowly(socket, next) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.data = { admitted: true };
  next();
}

function serve(io) {
  io.on("connection", connected);
  io.of("/chat").on("connection", connected);
  io.of("/guarded").use(guard).on("connection", connected);
  io.of("/slow").use(slowly).use(guard).on("connection", connected);
  io.of(/^\/dynamic-\d+$/).on("connection", connected);
  io.of((name, auth, next) => next(null, auth.tenant !== undefined && name === `/tenant/${auth.tenant}`)).on("connection", connected);
  return io;
}

const cors = options.origins && { origin: options.origins, credentials: true };
const io = serve(new Server(http, { cors, ...options }));
// The reference server has one parser for all its clients.
const binary = serve(new Server(http, { cors, ...options, path: "/msgpack/", parser: msgpack }));

process.once("SIGTERM", () => {
  binary.engine.close();
  io.close(() => process.exit(0));
});
http.listen(port, "127.0.0.1", () => console.error(`the reference listens on http://127.0.0.1:${http.address().port}`));
