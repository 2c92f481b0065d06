/**
 * The npm `socket.io` server as the subject of tests/socketio-conformance, whose `application` module says what it
 * does. It prints one line, `name=address` for each profile, and serves to the end of its standard input.
 */
import { once } from "node:events";
import { createServer } from "node:http";

import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";

const SHORT = { pingInterval: 500, pingTimeout: 4_000, upgradeTimeout: 4_000, connectTimeout: 4_000 };

const PROFILES = {
  default: {},
  short: SHORT,
  limited: { maxHttpBufferSize: 10_000, cookie: true, allowUpgrades: false },
  version3: { ...SHORT, allowEIO3: true },
  recovery: { ...SHORT, connectionStateRecovery: { maxDisconnectionDuration: 5_000 } },
  deflate: { perMessageDeflate: true },
  msgpack: { parser: msgpack },
};

function serve(options) {
  const http = createServer((_, response) => response.writeHead(404).end());
  application(new Server(http, options));
  http.listen(0, "127.0.0.1");
  return once(http, "listening").then(() => `127.0.0.1:${http.address().port}`);
}

function application(io) {
  const endings = new Endings();
  const guarded = io.of("/guarded").use((socket, next) => {
    if (socket.handshake.auth.token === "secret") return next();
    next(Object.assign(new Error("Not authorized"), { data: { reason: "token" } }));
  });
  for (const namespace of [io.of("/"), io.of("/custom"), guarded, io.of(/^\/dynamic-\d+$/)]) {
    namespace.on("connection", (socket) => attend(socket, endings));
  }
}

function attend(socket, endings) {
  if (!socket.recovered) socket.emit("auth", socket.handshake.auth);
  socket.on("message", (...args) => socket.emit("message-back", ...args));
  socket.on("message-with-ack", (...args) => args.pop()(...args));
  socket.on("volatile", (...args) => socket.volatile.emit("message-back", ...args));
  socket.on("twice", (ack) => (ack(1), ack(2)));

  socket.on("join", (room, ack) => (socket.join(room), ack()));
  socket.on("leave", (room, ack) => (socket.leave(room), ack()));
  socket.on("rooms", (ack) => ack([...socket.rooms].sort()));
  socket.on("to", ({ rooms, except = [] }, event, value) => {
    socket.nsp.to(rooms).except(except).emit(event, value);
  });
  socket.on("others", (rooms, event, value) => socket.to(rooms).emit(event, value));
  socket.on("ask", (...args) => {
    socket.emit("question", ...args, (...answers) => socket.emit("answered", ...answers));
  });
  socket.on("ask-room", (room, value) => {
    socket.nsp.to(room).timeout(3_000).emit("question", value, (error, answers) => {
      socket.emit("answers", error !== null, answers);
    });
  });

  socket.on("disconnect-me", (close) => socket.disconnect(close));
  socket.on("who-am-i", (ack) => {
    const { query, url, secure, xdomain, auth } = socket.handshake;
    ack({ id: socket.id, query, url, secure, xdomain, auth });
  });
  socket.on("ending", (id, ack) => endings.of(id).then(ack));
  socket.on("disconnect", (reason) => endings.tell(socket.id, reason));
}

/** Why each socket ended, for those who ask before and after. */
class Endings {
  #reasons = new Map();

  of(id) {
    return this.#entry(id).promise;
  }

  tell(id, reason) {
    this.#entry(id).resolve(reason);
  }

  #entry(id) {
    if (!this.#reasons.has(id)) {
      let resolve;
      const promise = new Promise((done) => (resolve = done));
      this.#reasons.set(id, { promise, resolve });
    }
    return this.#reasons.get(id);
  }
}

const started = Object.entries(PROFILES).map(async ([name, options]) => `${name}=${await serve(options)}`);
process.stdin.resume().on("end", () => process.exit());
console.log((await Promise.all(started)).join(" "));
