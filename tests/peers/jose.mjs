/**
 * npm `jose` as a peer: `node jose.mjs ALGORITHM` with the other side's key and token as JSON in standard input.
 * Verifies that token, and prints a key and a token of its own.
 */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";

import * as jose from "jose";

const algorithm = process.argv[2];
const theirs = JSON.parse(await text(process.stdin));
const isSecret = algorithm.startsWith("HS");
const bytes = (secret) => new TextEncoder().encode(secret);

const key = isSecret ? bytes(theirs.secret) : await jose.importJWK(theirs.jwk, algorithm);
const { payload, protectedHeader } = await jose.jwtVerify(theirs.token, key, { algorithms: [algorithm] });
assert.equal(payload.sub, "ada");
assert.equal(protectedHeader.typ, "JWT");
if (!isSecret) assert.equal(await jose.calculateJwkThumbprint(theirs.jwk), theirs.jwk.kid);

const secret = "another secret of sixty-four bytes or more, that the two sides share";
const pair = isSecret ? undefined : await jose.generateKeyPair(algorithm, { extractable: true });
const jwk = pair && { ...(await jose.exportJWK(pair.publicKey)), kid: "k1", alg: algorithm, use: "sig" };
const pem = pair && (await jose.exportSPKI(pair.publicKey));
const token = await new jose.SignJWT({ ropeway: { join: ["a:*"] } })
  .setProtectedHeader({ alg: algorithm, kid: "k1" })
  .setSubject("bob")
  .setIssuedAt()
  .setExpirationTime("1h")
  .sign(pair?.privateKey ?? bytes(secret));
console.log(JSON.stringify({ secret, jwk, pem, token }));
