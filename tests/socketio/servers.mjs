/**
 * The servers under test, each a child process on a free port.
 *
 * `SOCKETIO_APP` names the binary of app.rs and `ROPEWAY` that of the command. With `SOCKETIO_REFERENCE` set the
 * application runs on npm `socket.io` instead, which shows whether a test or the server is wrong.
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { keepLine, secret, talkative } from "../shared/log.mjs";

const READY_WITHIN = 30000;

/** Whatever happens, no server outlives the tests. */
const children = new Set();
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

/** The key for the HTTP API of `ropeway serve`. */
export const API_KEY = "key-of-the-socket-io-tests";

/** Whether the application runs on the reference server. */
export const isReference = Boolean(process.env.SOCKETIO_REFERENCE);

/**
 * The application, with options named as those of Socket.IO; durations are milliseconds and sizes bytes.
 * @param {object} [options] `origins`: whose pages may connect. `port`: 0 for a free one
 */
export function startApp({ port = 0, ...options } = {}) {
  if (isReference) {
    const script = fileURLToPath(new URL("reference.mjs", import.meta.url));
    return start(process.execPath, [script, String(port), JSON.stringify(options)]);
  }
  return start(named("SOCKETIO_APP"), ["--listen", `127.0.0.1:${port}`, ...talkative], settings(options));
}

/** `ropeway serve` with its defaults for development; see `startApp`. */
export function startServe({ port = 0, ...options } = {}) {
  return start(named("ROPEWAY"), ["serve", "--listen", `127.0.0.1:${port}`, ...talkative], { ROPEWAY_API_KEY: secret(API_KEY), ...settings(options) });
}

/**
 * A new authority and a certificate of it for this machine, for options `tls` of the servers.
 * @returns {{ ca: string, tls: { certificate: string, key: string } }} `ca`: the authority in PEM, for clients
 */
export function certificates() {
  const folder = mkdtempSync(join(tmpdir(), "ropeway-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  execFileSync(named("SOCKETIO_APP"), ["--certificates", folder]);
  return { ca: readFileSync(join(folder, "ca.pem"), "utf8"), tls: { certificate: join(folder, "cert.pem"), key: join(folder, "key.pem") } };
}

function named(variable) {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} does not name a binary; \`cargo xtask test --only socketio\` sets it`);
  return path;
}

const milliseconds = (value) => `${value}ms`;
const bytes = (value) => `${value}B`;

/** Socket.IO's names of options in the configuration of Ropeway. */
const SETTINGS = {
  allowEIO3: ["SOCKETIO_ALLOW_EIO3", String],
  allowUpgrades: ["SOCKETIO_ALLOW_UPGRADES", String],
  anonymous: ["AUTH_ANONYMOUS", String],
  connectTimeout: ["SOCKETIO_CONNECT_TIMEOUT", milliseconds],
  cookie: ["SOCKETIO_COOKIE", String],
  jwtLeeway: ["JWT_LEEWAY", milliseconds],
  jwtSecret: ["JWT_SECRET", String],
  maxHttpBufferSize: ["SOCKETIO_MAX_HTTP_BUFFER_SIZE", bytes],
  namespaces: ["SOCKETIO_NAMESPACES", String],
  origins: ["SERVER_ORIGINS", String],
  path: ["SOCKETIO_PATH", String],
  perMessageDeflate: ["SOCKETIO_PER_MESSAGE_DEFLATE", (on) => (on ? "takeover" : "off")],
  pingInterval: ["SOCKETIO_PING_INTERVAL", milliseconds],
  pingTimeout: ["SOCKETIO_PING_TIMEOUT", milliseconds],
  shutdownCode: ["SHUTDOWN_CODE", String],
  transports: ["SOCKETIO_TRANSPORTS", String],
  upgradeTimeout: ["SOCKETIO_UPGRADE_TIMEOUT", milliseconds],
};

/** The environment that configures Ropeway. */
function settings({ connectionStateRecovery, tls, ...options }) {
  const variables = Object.entries(options).map(([name, value]) => {
    const [variable, shown] = SETTINGS[name];
    return [`ROPEWAY_${variable}`, shown(value)];
  });
  if (tls) variables.push(["ROPEWAY_TLS_CERTIFICATE", tls.certificate], ["ROPEWAY_TLS_KEY", tls.key]);
  if (connectionStateRecovery) variables.push(...recovery(connectionStateRecovery));
  return Object.fromEntries(variables);
}

function recovery({ maxDisconnectionDuration = 120000 }) {
  return [
    ["ROPEWAY_SOCKETIO_RECOVERY", "true"],
    ["ROPEWAY_SOCKETIO_MAX_DISCONNECTION_DURATION", milliseconds(maxDisconnectionDuration)],
  ];
}

async function start(command, args, variables = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ROPEWAY_"));
  const env = { ...Object.fromEntries(inherited), ...variables };
  const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  children.add(child);
  child.once("exit", () => children.delete(child));
  const server = new RunningServer(child, variables.ROPEWAY_TLS_KEY ? "https" : "http");
  server.port = await server.address().catch((error) => server.kill().then(() => Promise.reject(error)));
  return server;
}

class RunningServer {
  port = 0;
  /** What it said, for messages of tests that fail. */
  said = [];
  #child;
  #lines;
  #scheme;

  constructor(child, scheme) {
    this.#child = child;
    this.#scheme = scheme;
    this.#lines = createInterface(child.stderr);
    this.#lines.on("line", (line) => {
      this.said.push(line);
      keepLine(line);
    });
  }

  get url() {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** The port, once it is listened on. */
  address() {
    return new Promise((resolve, reject) => {
      this.#lines.on("line", (line) => {
        const found = /listens on [^ ]*:(\d+)/.exec(line);
        if (found) resolve(Number(found[1]));
      });
      this.#child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${this.said.join("\n")}`)));
      this.#child.once("error", reject);
      setTimeout(() => reject(new Error(`no address in time:\n${this.said.join("\n")}`)), READY_WITHIN).unref();
    });
  }

  /** Asks it to end, as an operator does. */
  stop() {
    return this.#end("SIGTERM");
  }

  /** Ends it at once, as a crash does. */
  kill() {
    return this.#end("SIGKILL");
  }

  async #end(signal) {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }
}
