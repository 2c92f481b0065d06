/** JSON Web Tokens, made with nothing but what node has. */
import { createHmac } from "node:crypto";

import { secret as note } from "../shared/log.mjs";

/** What signs the tokens of these tests. */
export const SECRET = note("a secret of the tests of Socket.IO clients");

/** What the application's middleware wants in the namespaces `/guarded` and `/slow`. */
export const PASSWORD = note("the password of the guard");

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * A token, signed with HS256.
 * @param {object} [claims] for `sub`, `exp` and `ropeway`; Ada's for an hour unless they say otherwise
 */
export function token(claims = {}, secret = SECRET) {
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "ada", exp: inSeconds(3600), ...claims })}`;
  return note(`${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`);
}

/** A time that many seconds from now, as tokens say it; never earlier. */
export const inSeconds = (seconds) => Math.ceil(Date.now() / 1000) + seconds;
