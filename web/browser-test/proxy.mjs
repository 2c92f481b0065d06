import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A TCP proxy that a test can cut. `port` is set anew when the server behind it moves. */
export async function startProxy(port) {
  const proxy = new Proxy(port);
  proxy.server.listen(0, "127.0.0.1");
  await once(proxy.server, "listening");
  return proxy;
}

class Proxy {
  closed = false;
  /**
   * What was said on each connection, kept when a test puts a list here.
   * @type {{ asked: string, answered: string }[] | null}
   */
  conversations = null;
  /** @type {Set<import("node:net").Socket>} */
  #sockets = new Set();

  constructor(port) {
    this.port = port;
    this.server = createServer((client) => this.#join(client));
  }

  get origin() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  /** Cuts all connections, in the middle of whatever they carry, and refuses new ones until `mend`. */
  cut() {
    this.closed = true;
    for (const socket of this.#sockets) reset(socket);
  }

  mend() {
    this.closed = false;
  }

  async close() {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }

  #join(client) {
    if (this.closed) return reset(client);
    const server = connect(this.port, "127.0.0.1");
    this.#listen(client, server);
    for (const [socket, other] of [[client, server], [server, client]]) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => this.#sockets.delete(socket) && other.destroy());
      socket.pipe(other);
    }
  }

  #listen(client, server) {
    if (!this.conversations) return;
    const conversation = { asked: "", answered: "" };
    this.conversations.push(conversation);
    client.on("data", (data) => (conversation.asked += data.toString("latin1")));
    server.on("data", (data) => (conversation.answered += data.toString("latin1")));
  }
}

/** The `GET`s of a conversation, each with the status of its answer; other requests may not be among them. */
export function exchanges({ asked, answered }) {
  const statuses = [...answered.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  const heads = [...asked.matchAll(/GET (\S+) HTTP\/1\.1\r\n(.*?)\r\n\r\n/gs)];
  return heads.map(([, target, head], place) => ({ target, headers: headers(head), status: statuses[place] }));
}

const headers = (head) => Object.fromEntries(head.split("\r\n").map((line) => [line.split(":", 1)[0].toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));

/** Node.js 20 never ends a process in which a socket was reset while it was being shut down. */
function reset(socket) {
  socket.writableEnded ? socket.destroy() : socket.resetAndDestroy();
}
