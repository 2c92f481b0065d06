/** The server under test: the binary that ROPEWAY_BIN (or ROPEWAY) names, without one the fake of the client's tests. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { keepLine, secret, talkative } from "../../tests/shared/log.mjs";
import { startFakeServer } from "../test/fake-server.mjs";

const binary = process.env.ROPEWAY_BIN || process.env.ROPEWAY;
const READY_WITHIN = 20000;

/** Whether it is the binary. */
export const isReal = Boolean(binary);

/**
 * @param {number} [port] 0 for a free one
 * @param {{ [variable: string]: string }} [settings] of the binary
 * @param {string[]} [flags] of the binary
 */
export async function startServer(port = 0, settings = {}, flags = []) {
  return binary ? startBinary(port, settings, flags) : startFakeServer({ port });
}

async function startBinary(port, settings, flags) {
  // Its configuration is read from variables of this kind; here it runs with the defaults.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ROPEWAY"));
  const env = { ...Object.fromEntries(inherited), ...settings };
  if (settings.ROPEWAY_API_KEY) secret(settings.ROPEWAY_API_KEY);
  const child = spawn(binary, ["serve", "--listen", `127.0.0.1:${port}`, ...flags, ...talkative], { env, stdio: ["ignore", "ignore", "pipe"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const lines = createInterface(child.stderr);
  const talk = [];
  const address = new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      talk.push(line);
      keepLine(line);
      const found = /listens on [^ ]*:(\d+)/.exec(line);
      if (found) resolve(Number(found[1]));
    });
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${talk.join("\n")}`)));
    setTimeout(() => reject(new Error(`no address in time:\n${talk.join("\n")}`)), READY_WITHIN).unref();
  });
  const end = async (signal) => {
    if (child.exitCode === null && child.kill(signal)) await once(child, "exit");
  };
  const close = () => end("SIGKILL");
  // As an operator ends it.
  const stop = () => end("SIGTERM");
  const said = () => talk.join("\n");
  return { said, port: await address.catch((error) => close().then(() => Promise.reject(error))), close, stop };
}
