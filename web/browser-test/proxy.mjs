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
    for (const [socket, other] of [[client, server], [server, client]]) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => this.#sockets.delete(socket) && other.destroy());
      socket.pipe(other);
    }
  }
}

/** Node.js 20 never ends a process in which a socket was reset while it was being shut down. */
function reset(socket) {
  socket.writableEnded ? socket.destroy() : socket.resetAndDestroy();
}
