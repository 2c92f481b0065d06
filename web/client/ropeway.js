/**
 * The Ropeway browser client: rooms, events and acknowledgements over a WebSocket that comes back by itself.
 *
 *     import { Ropeway } from "/ropeway.js";
 *
 *     const client = new Ropeway();                        // this host, path /ws
 *     const room = client.join("demo:lobby", { info: { name: "Ada" } });
 *     room.on("event", ({ name, data, from }) => console.log(name, data, from));
 *     await room.publish("message", "Hello");              // resolves once the server has it
 *
 * After a cut it waits (exponential backoff, full jitter), connects, joins its rooms, gets the events it missed and repeats
 * what was not acknowledged; a repeated publish is delivered once. The wire is described in docs/protocol.md.
 * Durations are milliseconds, sizes are bytes.
 */

/** @typedef {import("./types").Member} Member */
/** @typedef {import("./types").History} History */
/** @import { ClientEvents, Link, Options, Position, Receipt, Request, RequestOptions, RoomEvents, Secret } from "./types" */

const CHECK_TIMEOUT = 5000;
const STEADY_AFTER = 5000;
const VOLATILE_LIMIT = 65536;
const PAGE_EVENTS = ["online", "offline", "pagehide", "pageshow", "visibilitychange"];

/** A deliberate end, violations, credentials that do not do: the next connection would end the same way. */
const FINAL = [1000, 1002, 1003, 1007, 1008, 1009, 1010, 4001];

/** @param {number} code */
const isFinal = (code) => FINAL.includes(code) || (code >= 4500 && code < 5000);

/** @param {any} value @param {number} fallback */
const positive = (value, fallback) => (value > 0 ? Number(value) : fallback);

/** 128 random bits; unlike `crypto.randomUUID` also on pages without TLS. */
export const randomKey = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));

/**
 * Why a request failed. `code` is one of the server's, or `timeout` (sent, no answer: it may have been carried out),
 * `disconnected` (the same, by a cut), `closed`, `buffer_full`, `too_large`, `not_joined`. `retry`: it may succeed later.
 */
export class RopewayError extends Error {
  /** @param {string} code @param {string} message @param {boolean} [retry] */
  constructor(code, message, retry = false) {
    super(message);
    this.name = "RopewayError";
    this.code = code;
    this.retry = retry;
  }
}

/** An `EventTarget` whose events are plain `Event`s with the fields of the tables above. @template M */
class Emitter extends EventTarget {
  /**
   * `addEventListener` with types; returns the way to undo it.
   * @template {keyof M & string} K @param {K} type @param {(event: M[K]) => void} listener @returns {() => void}
   */
  on(type, listener) {
    const plain = /** @type {any} */ (listener);
    this.addEventListener(type, plain);
    return () => this.removeEventListener(type, plain);
  }

  /** @protected @param {keyof M & string} type @param {object} [fields] */
  fire(type, fields) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}

/**
 * One connection after the other to one server.
 * @extends {Emitter<ClientEvents>}
 */
export class Ropeway extends Emitter {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 3;

  /** `CONNECTING` (also while it waits for the next attempt), `OPEN` or `CLOSED` (only `connect` leads out of it). */
  readyState = Ropeway.CONNECTING;
  /** @type {number | null} the last measured round trip */
  rtt = null;
  /** @type {any} the last one */
  welcome = null;
  /** @type {string | null} the name that the token proves */
  user = null;

  #url;
  #options;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {object | null} the attempt that waits for its ticket */
  #waiting = null;
  /** @type {number | null} when the server wants us back */
  #hint = null;
  #attempt = 0;
  #lastId = 0;
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  /** @type {Map<string, Request>} in the order of sending */
  #requests = new Map();
  #held = 0;
  /** @type {{ [name: string]: any }} */
  #timers = {};
  #pinged = { id: "", at: 0 };

  /**
   * Connects at once.
   * @param {string | URL} [url] relative to the page, `http` is read as `ws`
   * @param {Options} [options]
   */
  constructor(url = "/ws", options = {}) {
    super();
    this.#url = new URL(url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    const defaults = { minDelay: 500, maxDelay: 30000, connectTimeout: 10000, timeout: 10000, maxBuffered: 1 << 20 };
    this.#options = { ...defaults, WebSocket: globalThis.WebSocket, ...options };
    this.connect();
  }

  /** The public name of this connection; another one after each reconnect. @returns {string | undefined} */
  get session() {
    return this.welcome?.session;
  }

  /** Bytes that wait here: requests without an answer, and what the socket holds beyond them. */
  get bufferedAmount() {
    return Math.max(this.#held, this.#socket?.bufferedAmount ?? 0);
  }

  /** Connects now: without waiting for the next attempt, or again after the end. */
  connect() {
    this.#clear("retry");
    if (this.#socket || this.#waiting) return;
    this.readyState = Ropeway.CONNECTING;
    for (const type of PAGE_EVENTS) globalThis.addEventListener?.(type, this.#onPage);
    const { ticket, connectTimeout } = this.#options;
    if (ticket) this.#fetch(ticket, (this.#waiting = {}), (ticket) => this.#dial(ticket));
    else this.#dial();
    this.#set("welcome", connectTimeout, () => this.#drop(1006, "no welcome in time"));
    this.fire("connecting", { attempt: this.#attempt });
  }

  /** @param {string} [ticket] */
  #dial(ticket) {
    const url = new URL(this.#url);
    if (ticket) url.searchParams.set("ticket", ticket);
    const socket = new this.#options.WebSocket(url, ["ropeway.json"]);
    this.#waiting = null;
    this.#socket = socket;
    socket.onopen = () => this.#authenticate();
    socket.onmessage = (/** @type {MessageEvent} */ { data }) => this.#receive(data);
    socket.onclose = (/** @type {CloseEvent} */ event) => this.#ended(event.code, event.reason, event.wasClean);
    socket.onerror = () => {}; // says nothing, and a close follows
  }

  #authenticate() {
    const { token } = this.#options;
    const socket = this.#socket;
    if (token) this.#fetch(token, socket, (token) => this.#write(JSON.stringify({ type: "auth", token })));
  }

  /**
   * Calls `use` with a secret if the attempt that wants it is still the one; without it the attempt has failed.
   * @param {Secret} source @param {object | null} attempt @param {(secret: string) => void} use
   */
  async #fetch(source, attempt, use) {
    const isCurrent = () => attempt && (attempt === this.#socket || attempt === this.#waiting);
    try {
      const secret = typeof source === "string" ? source : await source();
      if (isCurrent()) use(secret);
    } catch (cause) {
      if (!isCurrent()) return;
      this.fire("error", { error: new RopewayError("no_token", String(cause), true) });
      this.#drop(1006, "no token");
    }
  }

  /**
   * Ends it: what is not answered is rejected, nothing reconnects until `connect`.
   * @param {number} [code] 1000 or 3000-4999 @param {string} [reason]
   */
  close(code = 1000, reason = "") {
    if (this.readyState === Ropeway.CLOSED) return;
    this.#release()?.close(code, reason);
    this.#ended(code, reason, true, true);
  }

  /**
   * Becomes a member of a room, and again after each reconnect. The same name gives the same object until it is left.
   * @param {string} name
   * @param {{ info?: any, since?: Position }} [options] `info`: what other members see; `since`: a position kept from
   *   before, to get what was missed
   * @returns {Room}
   */
  join(name, { info, since } = {}) {
    const known = this.#rooms.get(name);
    if (known) return known;
    const room = new Room(this.#link(), name, info, since);
    this.#rooms.set(name, room);
    if (this.readyState === Ropeway.OPEN) room.enter();
    return room;
  }

  /**
   * Sends an event to the application behind the server; resolves with its answer. Not repeated when it was sent before a cut.
   * @param {string} event @param {any} [data] @param {{ timeout?: number }} [options] @returns {Promise<any>}
   */
  emit(event, data = null, { timeout } = {}) {
    return this.#request({ type: "emit", event, data }, { repeat: false, timeout });
  }

  /** @returns {Link} */
  #link() {
    return {
      request: (message, options) => this.#request(message, options),
      send: (message, limit) => this.#send(message, limit),
      ready: (room) => this.#flush(room),
      gone: (room, error) => this.#forget(room, error),
    };
  }

  /** @param {any} message */
  #welcomed(message) {
    if (this.readyState === Ropeway.OPEN) return;
    this.#clear("welcome");
    this.readyState = Ropeway.OPEN;
    this.welcome = message;
    // A server that welcomes and falls over at once must not be asked again at the pace of a first attempt.
    this.#set("steady", STEADY_AFTER, () => (this.#attempt = 0));
    this.#beat();
    for (const room of this.#rooms.values()) room.enter();
    this.#flush();
    this.fire("open", { session: message.session, welcome: message });
  }

  /** Does not wait for the closing handshake. @param {number} code @param {string} reason */
  #drop(code, reason) {
    const socket = this.#release();
    if (!socket && !this.#waiting) return;
    socket?.close();
    this.#ended(code, reason, false);
  }

  /** From here on nothing that the socket says is heard. */
  #release() {
    const socket = this.#socket;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    return socket;
  }

  /** @param {number} code @param {string} reason @param {boolean} wasClean @param {boolean} [final] */
  #ended(code, reason, wasClean, final = isFinal(code) && !this.#mayRenew(reason)) {
    this.#socket = this.#waiting = null;
    this.rtt = null;
    this.#clear("welcome", "ping", "pong", "steady", "retry");
    this.readyState = final ? Ropeway.CLOSED : Ropeway.CONNECTING;
    for (const room of this.#rooms.values()) room.interrupted();
    this.#unsend(final ? new RopewayError("closed", `the client is closed (${code} ${reason})`) : null);
    const retryIn = final ? null : this.#delay(code);
    if (retryIn !== null) this.#set("retry", retryIn, () => this.connect());
    else for (const type of PAGE_EVENTS) globalThis.removeEventListener?.(type, this.#onPage);
    this.fire("close", { code, reason, wasClean, final, retryIn });
  }

  /** A fresh token may do where the last one has expired. @param {string} reason */
  #mayRenew(reason) {
    return reason === "token expired" && typeof this.#options.token === "function";
  }

  /** How long to wait: full jitter, so that the clients of a server that fell do not come back in step. @param {number} code */
  #delay(code) {
    const { minDelay, maxDelay } = this.#options;
    const hint = this.#hint;
    this.#hint = null;
    if (hint !== null) return hint;
    if (code === 4008) return (maxDelay * (1 + Math.random())) / 2;
    // "offline" may be wrong (a server on this machine is still there), so it slows the attempts down but does not end them.
    if (globalThis.navigator?.onLine === false) return maxDelay;
    return Math.random() * Math.min(maxDelay, minDelay * 2 ** Math.min(this.#attempt++, 30));
  }

  /** @param {Event} event */
  #onPage = ({ type }) => {
    // A page that goes into the back/forward cache may not keep a connection; `pageshow` brings it back.
    if (type === "pagehide") {
      this.#drop(1001, "page hidden");
      this.#clear("retry");
    } else if (this.readyState === Ropeway.OPEN) {
      this.check();
    } else if (type !== "offline" && !this.#socket && !this.#waiting && !globalThis.document?.hidden) {
      this.#attempt = 0;
      this.#set("retry", Math.random() * this.#options.minDelay, () => this.connect());
    }
  };

  /** Asks for a pong now: measures `rtt`, and gives up on the connection when nothing at all is heard in time. */
  check(timeout = CHECK_TIMEOUT) {
    if (this.readyState !== Ropeway.OPEN) return;
    const at = performance.now();
    this.#pinged = { id: `p${++this.#lastId}`, at };
    this.#send({ type: "ping", id: this.#pinged.id });
    this.#set("ping", positive(this.welcome.ping_interval, 25000), () => this.#beat());
    this.#set("pong", timeout, () => {
      // In a page that was frozen the timer comes before the messages that arrived meanwhile: ask once more.
      if (performance.now() - at > timeout + 1000) this.check();
      else this.#drop(4000, "ping timeout");
    });
  }

  #beat() {
    this.check(positive(this.welcome.ping_timeout, 10000));
  }

  /** @param {any} id */
  #ponged(id) {
    if (id !== this.#pinged.id) return;
    this.rtt = performance.now() - this.#pinged.at;
    this.fire("pong", { rtt: this.rtt });
  }

  /** @param {any} text */
  #receive(text) {
    this.#clear("pong");
    const message = parse(text);
    if (message?.type === "welcome") this.#welcomed(message);
    // The answer to the token comes before the welcome.
    else if (message && (this.readyState === Ropeway.OPEN || ["auth_ok", "error"].includes(message.type))) this.#route(message);
    else return this.fire("error", { error: new RopewayError("bad_message", "not a message, or one before the welcome") });
    this.fire("message", { data: message });
  }

  /** @param {any} message */
  #route(message) {
    const { type, id } = message;
    if (type === "pong") this.#ponged(id);
    else if (type === "error") this.#failed(message);
    else if (type === "auth_ok") this.user = message.user ?? null;
    else if (type === "expiring") this.#renew();
    else if (type === "reconnect") this.#hint = positive(message.after, 0);
    else if (type === "ack") this.#settle(id, null, message.data);
    else {
      this.#rooms.get(message.room)?.receive(message);
      this.#settle(id, null, message);
    }
  }

  #renew() {
    if (typeof this.#options.token === "function") this.#authenticate();
  }

  /** @param {any} message */
  #failed({ id, code, message, retry }) {
    const error = new RopewayError(String(code), String(message), retry === true);
    if (id === undefined) this.fire("error", { error });
    else this.#settle(id, error);
  }

  /** @param {object} message @param {RequestOptions} [options] @returns {Promise<any>} */
  async #request(message, { room, repeat = true, urgent, timeout = this.#options.timeout, answered } = {}) {
    const id = String(++this.#lastId);
    const text = JSON.stringify({ ...message, id });
    const bytes = new TextEncoder().encode(text).length;
    if (this.readyState === Ropeway.CLOSED) throw new RopewayError("closed", "the client is closed");
    if (!urgent && this.#held + bytes > this.#options.maxBuffered)
      throw new RopewayError("buffer_full", `${this.#held} bytes wait for an answer, ${bytes} more do not fit`, true);
    return new Promise((resolve, reject) => {
      const request = { text, bytes, room, repeat, sent: false, timeout, resolve: answered ?? resolve, reject };
      this.#requests.set(id, request);
      this.#held += bytes;
      if (!room || room.state === "joined") this.#transmit(id);
    });
  }

  /** Sends the requests that waited for the room, or those that need none. @param {Room} [room] */
  #flush(room) {
    for (const [id, request] of this.#requests) if (request.room === room) this.#transmit(id);
  }

  /** @param {string} id */
  #transmit(id) {
    const request = this.#requests.get(id);
    if (!request || request.sent || this.readyState !== Ropeway.OPEN) return;
    if (request.bytes > this.welcome.max_message)
      return this.#settle(id, new RopewayError("too_large", `${request.bytes} bytes, the server takes ${this.welcome.max_message}`));
    request.sent = this.#write(request.text);
    if (request.sent && request.timeout < Infinity)
      request.timer = setTimeout(() => this.#settle(id, new RopewayError("timeout", "no answer in time", true)), request.timeout);
  }

  /** @param {string} id @param {RopewayError | null} error @param {any} [value] */
  #settle(id, error, value) {
    const request = this.#requests.get(id);
    if (!request) return;
    this.#requests.delete(id);
    this.#held -= request.bytes;
    clearTimeout(request.timer);
    if (error) request.reject(error);
    else request.resolve(value);
  }

  /** What may be repeated waits for the next connection. @param {RopewayError | null} end */
  #unsend(end) {
    const cut = new RopewayError("disconnected", "the connection was cut before the answer", true);
    for (const [id, request] of this.#requests) {
      clearTimeout(request.timer);
      if (end) this.#settle(id, end);
      else if (request.sent && !request.repeat) this.#settle(id, cut);
      else request.sent = false;
    }
  }

  /** @param {Room} room @param {RopewayError} error */
  #forget(room, error) {
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
    for (const [id, request] of this.#requests) if (request.room === room) this.#settle(id, error);
  }

  /** Sends now or not at all. @param {object} message @param {number} [limit] of what the socket may hold already */
  #send(message, limit = Infinity) {
    const full = (this.#socket?.bufferedAmount ?? 0) > limit;
    return this.readyState === Ropeway.OPEN && !full && this.#write(JSON.stringify(message));
  }

  /** Once the server's close was read, nothing is sent any more, though the end is still to come. @param {string} text */
  #write(text) {
    const socket = this.#socket;
    if (socket?.readyState !== Ropeway.OPEN) return false;
    socket.send(text);
    return true;
  }

  /** @param {string} name @param {number} delay @param {() => void} action */
  #set(name, delay, action) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(action, delay);
  }

  /** @param {...string} names */
  #clear(...names) {
    for (const name of names) clearTimeout(this.#timers[name]);
  }
}

/**
 * The membership of a room, over all connections.
 * @extends {Emitter<RoomEvents>}
 */
export class Room extends Emitter {
  /** @type {"joining" | "joined" | "left" | "refused"} `joining` also while there is no connection */
  state = "joining";

  #link;
  #name;
  #info;
  /** @type {Position | null} */
  #position;
  #returning;
  /** Counts joins: the answer to one that was overtaken means nothing. */
  #turn = 0;
  /** @type {Map<string, Member>} */
  #members = new Map();
  /** @type {any} */
  #retry;

  /** For `Ropeway.join`. @param {Link} link @param {string} name @param {any} info @param {Position} [since] */
  constructor(link, name, info, since) {
    super();
    this.#link = link;
    this.#name = name;
    this.#info = info;
    this.#position = since ? { ...since } : null;
    this.#returning = Boolean(since);
  }

  get name() {
    return this.#name;
  }

  /** Who is in the room, as last heard; empty in a room without presence. @returns {Member[]} */
  get members() {
    return [...this.#members.values()];
  }

  /** The last event seen here, in a room with history. @returns {Position | null} */
  get position() {
    return this.#position && { ...this.#position };
  }

  /**
   * Sends an event to everybody in the room, the sender included. Resolves when the server has it; until then it is kept,
   * and repeated after a reconnect. After a rejection with `timeout` publish again with the same `key`: it is delivered once.
   * `volatile`: sent now or dropped (no connection, a full socket), resolves at once with null.
   * @param {string} event
   * @param {any} [data] any JSON value
   * @param {{ volatile?: boolean, key?: string, timeout?: number }} [options] `key`: 128 bytes at most, unguessable
   * @returns {Promise<Receipt | null>}
   */
  async publish(event, data = null, { volatile = false, key = randomKey(), timeout } = {}) {
    const message = { type: "publish", room: this.#name, event, data };
    if (volatile) {
      if (this.state === "joined") this.#link.send({ ...message, volatile }, VOLATILE_LIMIT);
      return null;
    }
    return this.#request({ ...message, key }, timeout);
  }

  /**
   * Past events, oldest first: those after `since`, or the newest.
   * @param {{ limit?: number, since?: Position }} [options] @returns {Promise<History>}
   */
  history({ limit, since } = {}) {
    return this.#request({ type: "history", room: this.#name, limit, since });
  }

  /** Changes what other members see of us: a leave and a join, without losing an event in a room with history. @param {any} info */
  update(info) {
    this.#info = info;
    if (this.#leave()) this.enter();
  }

  /** Stops being a member. Requests without an answer are rejected. */
  leave() {
    this.#leave();
    this.#end("left");
  }

  #leave() {
    // With an id the answer differs from the `left` of a server that takes the membership away.
    return this.#link.send({ type: "leave", room: this.#name, id: "leave" });
  }

  /** @param {object} message @param {number} [timeout] */
  async #request(message, timeout) {
    if (this.state === "left" || this.state === "refused")
      throw new RopewayError("not_joined", `not a member of ${this.#name}`);
    return this.#link.request(message, { room: this, timeout });
  }

  /** For the client: a connection is there. */
  enter() {
    this.interrupted();
    const turn = this.#turn;
    const join = { type: "join", room: this.#name, since: this.#position ?? undefined, info: this.#info };
    const answered = (/** @type {any} */ message) => turn === this.#turn && this.#joined(message);
    const refused = (/** @type {RopewayError} */ error) => turn === this.#turn && this.#refused(error);
    this.#link.request(join, { repeat: false, urgent: true, answered }).catch(refused);
  }

  /** For the client: the connection is gone. */
  interrupted() {
    clearTimeout(this.#retry);
    this.#turn++;
    this.state = "joining";
  }

  /** For the client: a message of the server for this room. @param {any} message */
  receive(message) {
    if (message.type === "event") this.#event(message);
    else if (message.type === "presence") this.#presence(message);
    else if (message.type === "left" && message.id === undefined) this.#removed();
  }

  /** @param {any} message */
  #joined({ epoch, offset = 0, recovered, members }) {
    const before = this.#position;
    const returning = this.#returning;
    const kept = recovered === true && before?.epoch === epoch;
    if (!kept) this.#position = epoch === undefined ? null : { epoch, offset };
    this.#returning = true;
    this.state = "joined";
    this.#replaceMembers(Array.isArray(members) ? members : []);
    this.fire("joined", { recovered: kept });
    if (returning) this.fire(kept ? "recovered" : "lost", { epochChanged: before?.epoch !== epoch });
    this.#link.ready(this);
  }

  /** An event that was seen is not seen again. @param {any} message */
  #event({ event: name, data, from, offset }) {
    const position = this.#position;
    if (position && offset !== undefined) {
      if (!(offset > position.offset)) return;
      position.offset = offset;
    }
    this.fire("event", { name, data, from, offset, epoch: position?.epoch });
  }

  /** @param {any} message */
  #presence({ joined, left, members }) {
    if (members) return this.#replaceMembers(members);
    this.#change(joined ?? [], left ?? []);
  }

  /** @param {Member[]} members */
  #replaceMembers(members) {
    const now = new Set(members.map(({ session }) => session));
    const joined = members.filter(({ session }) => !this.#members.has(session));
    this.#change(joined, this.members.filter(({ session }) => !now.has(session)));
  }

  /** @param {Member[]} joined @param {Member[]} left */
  #change(joined, left) {
    for (const member of left) this.#members.delete(member.session);
    for (const member of joined) this.#members.set(member.session, member);
    if (joined.length || left.length) this.fire("presence", { joined, left, members: this.members });
  }

  /** @param {RopewayError} error */
  #refused(error) {
    if (error.retry) this.#retry = setTimeout(() => this.enter(), 1000 + Math.random() * 4000);
    else this.#end("refused", error);
  }

  #removed() {
    this.#end("left");
    this.fire("left");
  }

  /** @param {"left" | "refused"} state @param {RopewayError} [error] */
  #end(state, error) {
    this.interrupted();
    this.state = state;
    this.#link.gone(this, error ?? new RopewayError("not_joined", `not a member of ${this.#name}`));
    if (error) this.fire("error", { error });
  }
}

/** @param {any} text @returns {any} the message, or null where it is none */
function parse(text) {
  try {
    const message = JSON.parse(text);
    return typeof message?.type === "string" ? message : null;
  } catch {
    return null;
  }
}
