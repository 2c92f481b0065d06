/** Many clients in one process, as crowd.test.mjs tells it: `node crowd.mjs URL COUNT NAME`. */
import { io } from "socket.io-client";

import { connection, record, until, upgraded } from "./support.mjs";

const [url, count, name] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const MEMBERS = 50;

/** Long enough for a machine that does other things as well. */
const PATIENCE = 100_000;

let sockets = [];
/** Why clients are not what they should be. Nobody would wake those who wait for such a client. */
let lost = [];

const commands = {
  /** All at once, by polling first. */
  async connect() {
    sockets = Array.from({ length: count }, () => io(url, { forceNew: true, reconnection: false, timeout: 2 * PATIENCE }));
    for (const socket of sockets) socket.on("disconnect", (reason) => lost.push(reason));
    await Promise.all(sockets.map(async (socket) => {
      await connection(socket);
      socket.io.engine.on("upgradeError", (error) => lost.push(String(error)));
      await upgraded(socket);
    }));
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
  },

  async leave() {
    const closed = sockets.map((socket) => new Promise((resolve) => socket.io.engine.once("close", resolve)));
    for (const socket of sockets) socket.off("disconnect").disconnect();
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

/** What a command came to, at the latest when it can come to nothing any more. */
async function outcome(command) {
  const ended = commands[command]();
  const end = Date.now() + PATIENCE;
  let done = false;
  ended.finally(() => (done = true)).catch(() => {});
  await until(() => done || lost.length > 0 || Date.now() > end, command, 2 * PATIENCE);
  if (lost.length > 0) throw new Error(`clients were lost: ${lost}`);
  if (!done) throw new Error(`of ${sockets.length} clients ${tally(({ connected }) => connected)} are connected, ${tally(isUpgraded)} by WebSocket`);
  await ended;
}

const tally = (condition) => sockets.filter(condition).length;
const isUpgraded = (socket) => socket.io.engine.transport.name === "websocket";

process.on("message", async (command) => {
  process.send(await outcome(command).then(() => ({}), (error) => ({ error: String(error?.stack ?? error) })));
});
process.once("disconnect", () => process.exit());
