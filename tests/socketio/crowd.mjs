/** Many clients in one process, as crowd.test.mjs tells it: `node crowd.mjs URL COUNT NAME`. */
import { io } from "socket.io-client";

import { connection, record, upgraded } from "./support.mjs";

const [url, count, name] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const MEMBERS = 50;

let sockets = [];
let lost = 0;

const commands = {
  /** All at once, by polling first. */
  async connect() {
    lost = 0;
    sockets = Array.from({ length: count }, () => io(url, { forceNew: true, reconnection: false, timeout: 120_000 }));
    await Promise.all(sockets.map(async (socket) => {
      await connection(socket);
      await upgraded(socket);
    }));
    for (const socket of sockets) socket.on("disconnect", () => lost++);
  },

  /** In rooms of a few each says something, and all hear it. */
  async talk() {
    const room = (n) => `${name}-${Math.floor(n / MEMBERS)}`;
    const heard = sockets.map((socket) => record(socket, "say"));
    await Promise.all(sockets.map((socket, n) => socket.emitWithAck("join", room(n))));
    const said = (n) => ({ to: [room(n)], event: "say", args: [n] });
    await Promise.all(sockets.map((socket, n) => socket.emitWithAck("emit", said(n))));
    await Promise.all(heard.map((list) => list.reach(MEMBERS)));
    await Promise.all(sockets.map((socket, n) => socket.emitWithAck("echo", n)));
    for (const [n, list] of heard.entries()) check(n, list);
    if (lost > 0) throw new Error(`${lost} clients were lost`);
  },

  async leave() {
    const closed = sockets.map((socket) => new Promise((resolve) => socket.io.engine.once("close", resolve)));
    for (const socket of sockets) socket.disconnect();
    await Promise.all(closed);
    sockets = [];
  },
};

/** Every member once. */
function check(n, list) {
  const first = Math.floor(n / MEMBERS) * MEMBERS;
  const said = list.map(([who]) => who).sort((a, b) => a - b);
  if (said.length !== MEMBERS || said.some((who, place) => who !== first + place)) throw new Error(`client ${n} heard ${said}`);
}

process.on("message", async (command) => {
  const outcome = await commands[command]().then(() => ({}), (error) => ({ error: String(error?.stack ?? error) }));
  process.send(outcome);
});
process.once("disconnect", () => process.exit());
