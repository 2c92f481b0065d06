/**
 * A server that speaks docs/protocol.md from memory, small enough to be read in one sitting, and that can be told to
 * misbehave: `intercept` sees each message first and keeps it from the ordinary answer by returning true.
 */
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { WebSocketServer } from "ws";

const web = new URL("../", import.meta.url);
const types = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * @param {{ port?: number, welcome?: object | null, keep?: number, intercept?: (message: any, connection: Connection) => boolean | void }} [options]
 *   `welcome`: fields that replace those of the welcome, null for none at all; `keep`: events kept in each room's history
 */
export async function startFakeServer({ port = 0, welcome = {}, keep = 1000, intercept } = {}) {
  const fake = new FakeServer(welcome, keep, intercept);
  fake.http.listen(port, "127.0.0.1");
  await once(fake.http, "listening");
  fake.port = /** @type {import("node:net").AddressInfo} */ (fake.http.address()).port;
  fake.url = `ws://127.0.0.1:${fake.port}/ws`;
  fake.origin = `http://127.0.0.1:${fake.port}`;
  return fake;
}

class FakeServer {
  port = 0;
  url = "";
  origin = "";
  /** @type {Connection[]} every connection that ever was */
  connections = [];
  closing = false;
  /** @type {any[]} every message that ever came */
  received = [];
  /** @type {Map<string, Room>} */
  rooms = new Map();

  constructor(welcome, keep, intercept) {
    this.welcome = welcome;
    this.keep = keep;
    this.intercept = intercept;
    this.http = createServer((request, response) => serve(request, response));
    this.sockets = new WebSocketServer({ noServer: true });
    this.http.on("upgrade", (request, socket, head) =>
      this.closing ? socket.destroy() : this.sockets.handleUpgrade(request, socket, head, (ws) =>
        request.url === "/echo" ? echo(ws) : this.connections.push(new Connection(this, ws, request.url)),
      ),
    );
  }

  /** The messages of one type that came so far. */
  of(type) {
    return this.received.filter((message) => message.type === type);
  }

  get open() {
    return this.connections.filter(({ ws }) => ws.readyState === ws.OPEN);
  }

  /** Cuts all connections without a close frame. */
  cut() {
    for (const { ws } of this.open) ws.terminate();
  }

  room(name) {
    if (!this.rooms.has(name)) this.rooms.set(name, new Room(name, this.keep));
    return this.rooms.get(name);
  }

  async close() {
    // A handshake that is under way would otherwise become a connection that nobody ends.
    this.closing = true;
    for (const ws of this.sockets.clients) ws.terminate();
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }
}

class Connection {
  session = randomUUID();

  constructor(server, ws, url) {
    this.server = server;
    this.ws = ws;
    this.url = url;
    ws.on("message", (data) => this.receive(JSON.parse(String(data))));
    ws.on("close", () => this.server.rooms.forEach((room) => room.leave(this)));
    if (server.welcome) this.welcome();
  }

  welcome() {
    const welcome = { session: this.session, node: "fake", version: "0", ping_interval: 25000, ping_timeout: 10000, max_message: 1 << 20 };
    this.send({ type: "welcome", ...welcome, ...this.server.welcome });
  }

  send(message) {
    this.ws.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  receive(message) {
    this.server.received.push(message);
    if (this.server.intercept?.(message, this)) return;
    const room = message.room === undefined ? undefined : this.server.room(message.room);
    const { type, id } = message;
    if (type === "ping") this.send({ type: "pong", id });
    else if (type === "join") room.join(this, message);
    else if (type === "leave") this.send(room.leave(this) ? { type: "left", room: room.name, id } : notJoined(id));
    else if (type === "publish") this.publish(room, message);
    else if (type === "history") this.send({ type, room: room.name, id, ...room.past(message) });
    else if (type === "presence") this.send({ type, room: room.name, id, members: [...room.members.values()] });
    else if (type === "emit") this.send({ type: "error", id, code: "no_handler", message: "nobody listens", retry: false });
    else this.send({ type: "error", id, code: "unknown_type", message: `unknown type ${type}`, retry: false });
  }

  publish(room, message) {
    const from = room.members.get(this);
    if (!from) return this.send(notJoined(message.id));
    const data = room.publish({ ...message, from });
    if (message.id !== undefined) this.send({ type: "ack", id: message.id, data });
  }
}

class Room {
  epoch = randomUUID();
  offset = 0;
  events = [];
  keys = new Map();
  /** @type {Map<Connection, any>} */
  members = new Map();

  constructor(name, keep) {
    this.name = name;
    this.keep = keep;
  }

  join(connection, { id, since, info }) {
    const first = this.events[0]?.offset ?? this.offset + 1;
    const recovered = since?.epoch === this.epoch && since.offset >= first - 1;
    // Who joins again is known by what it said first.
    const member = this.members.get(connection) ?? { session: connection.session, info };
    if (!this.members.has(connection)) this.tell({ type: "presence", room: this.name, joined: [member] });
    this.members.set(connection, member);
    const offset = recovered ? since.offset : this.offset;
    connection.send({ type: "joined", room: this.name, id, epoch: this.epoch, offset, recovered, members: [...this.members.values()] });
    if (recovered) this.events.filter((event) => event.offset > offset).forEach((event) => connection.send(event));
  }

  leave(connection) {
    const member = this.members.get(connection);
    this.members.delete(connection);
    if (member) this.tell({ type: "presence", room: this.name, left: [member] });
    return Boolean(member);
  }

  publish({ event, data, from, key, volatile }) {
    if (key && this.keys.has(key)) return { ...this.keys.get(key), duplicate: true };
    const message = { type: "event", room: this.name, event, data, from };
    if (volatile) return this.tell(message) ?? {};
    message.offset = ++this.offset;
    this.events = [...this.events, message].slice(-this.keep);
    const receipt = { epoch: this.epoch, offset: message.offset };
    if (key) this.keys.set(key, receipt);
    this.tell(message);
    return receipt;
  }

  past({ limit = 100, since }) {
    const { epoch, offset } = this;
    if (!since) return { epoch, offset, events: this.events.slice(-limit), complete: this.events.length <= limit };
    const missed = this.events.filter((event) => event.offset > since.offset);
    const complete = since.epoch === epoch && missed.length === offset - since.offset && missed.length <= limit;
    return { epoch, offset, events: missed.slice(0, limit), complete };
  }

  tell(message) {
    const text = JSON.stringify(message);
    for (const connection of this.members.keys()) connection.send(text);
  }
}

const notJoined = (id) => ({ type: "error", id, code: "not_joined", message: "join the room first", retry: false });

function echo(ws) {
  ws.on("message", (data, binary) => ws.send(data, { binary }));
}

/** The pages, at the paths where the real server has them. */
async function serve(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  const path = pathname === "/" ? "chat/index.html" : pathname === "/ropeway.js" ? "client/ropeway.js" : pathname.slice(1);
  const file = /^(chat|client)\/[\w.-]+$/.test(path) ? await readFile(new URL(path, web)).catch(() => null) : null;
  if (!file) return response.writeHead(404).end();
  const type = `${types[path.split(".").at(-1)]}; charset=utf-8`;
  response.writeHead(200, { "content-type": type, "content-security-policy": csp }).end(file);
}
