/**
 * The logs of servers under test, at the level `trace`, each beside a list of the secrets that must not stand in it.
 * `ROPEWAY_TEST_LOGS` names the folder; without it nothing is kept. The last step of `cargo xtask test` looks for all the
 * secrets in all the logs; tests/shared/log.rs does the same for the suites in Rust.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.ROPEWAY_TEST_LOGS;
if (folder) mkdirSync(folder, { recursive: true });

/** The arguments with which a server says all it can, where its log is kept. */
export const talkative = folder ? ["--log", "trace"] : [];

/** Keeps a line of a server that this process runs. */
export function keepLine(line) {
  append("log", line);
}

/**
 * Notes what nobody may read in any log, and returns it. Without its signature a token is worth nothing, so that is
 * noted by itself as well.
 */
export function secret(text) {
  append("secrets", text);
  const parts = text.split(".");
  if (parts.length === 3 && parts[2].length >= 16) append("secrets", parts[2]);
  return text;
}

function append(kind, line) {
  if (folder) appendFileSync(join(folder, `${process.pid}.${kind}`), `${line}\n`);
}
