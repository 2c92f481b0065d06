/** Pages over TLS that ends at the server, with the certificate that `serve --dev-tls` makes and a browser told to trust it. */
import assert from "node:assert/strict";
import { X509Certificate, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test as nodeTest } from "node:test";

import { secret } from "../../tests/shared/log.mjs";
import { launch, launchWithCookies, Person } from "./pages.mjs";
import { isReal, startServer } from "./server.mjs";
import { attempts, COOKIE, REFUSED, startSite, startStore } from "./sites.mjs";

const KEY = "a-key-for-the-tests-over-tls";
const test = (name, body) => nodeTest(name, { timeout: 120000, skip: !isReal && "it takes the binary" }, body);

let browser, server, origin, folder, listed, foreign, store;

before(async () => {
  if (!isReal) return;
  folder = mkdtempSync(join(tmpdir(), "ropeway-"));
  [listed, foreign, store] = [await startSite(), await startSite(), await startStore()];
  const settings = {
    XDG_STATE_HOME: folder,
    ROPEWAY_SERVER_ORIGINS: `http://127.0.0.1:${listed.port}`,
    ROPEWAY_API_KEY: KEY,
    ROPEWAY_TICKETS_ENABLED: "true",
    ROPEWAY_AUTH_ANONYMOUS: "true",
    ROPEWAY_SESSIONS_COOKIE: "sid",
    ROPEWAY_SESSIONS_STORE: store.url,
  };
  server = await startServer(0, settings, ["--dev-tls"]);
  origin = `https://localhost:${server.port}`;
  browser = await launch([trust()]);
});

after(async () => {
  await browser?.close();
  await server?.close();
  for (const site of [listed, foreign, store]) site?.close();
  if (folder) rmSync(folder, { recursive: true });
});

const certificate = () => readFileSync(join(folder, "ropeway/dev-tls/cert.pem"));

/** The argument by which Chromium trusts the key of it, and no other. */
function trust() {
  const key = new X509Certificate(certificate()).publicKey.export({ type: "spki", format: "der" });
  return `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`;
}

/** One ticket, from the API over the same TLS. */
async function ticket(context) {
  const answer = await context.request.post(`${origin}/api/tickets`, {
    ignoreHTTPSErrors: true,
    headers: { authorization: `Bearer ${KEY}` },
    data: { user: "ada" },
  });
  return secret((await answer.json()).ticket);
}

test("what is printed is the certificate that the browser sees", async (t) => {
  assert.ok(server.said().includes(new X509Certificate(certificate()).fingerprint256), server.said());
  const strict = await launch();
  t.after(() => strict.close());
  const page = await strict.newPage();
  await assert.rejects(page.goto(origin), /ERR_CERT_AUTHORITY_INVALID/);
});

test("the chat page talks over wss", async (t) => {
  const people = await Promise.all(["Ada", "Bob"].map((name) => Person.arrive(browser, origin, { room: "demo:tls", name })));
  t.after(() => Promise.all(people.map((person) => person.leave())));
  const [ada, bob] = people;
  await ada.say("over TLS");
  await bob.hears("over TLS");
  assert.deepEqual([...ada.faults, ...bob.faults], []);
});

test("a page comes in by a ticket, once, and a client of Socket.IO by another", async (t) => {
  const context = await browser.newContext({ bypassCSP: true });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  const first = await ticket(context);
  const native = (ticket) => page.evaluate(async (ticket) => {
    const { Ropeway } = await import("/ropeway.js");
    const client = new Ropeway("/ws", { ticket: () => ticket });
    const ended = new Promise((resolve) => client.on("close", () => resolve("refused")));
    const room = client.join("demo:tickets");
    const said = new Promise((resolve) => room.on("event", ({ from }) => resolve(from.user)));
    room.publish("news", 1).catch(() => {});
    const outcome = await Promise.race([said, ended]);
    client.close();
    return outcome;
  }, ticket);
  assert.equal(await native(first), "ada");
  assert.equal(await native(first), "refused");

  await page.addScriptTag({ url: `${origin}/socket.io/socket.io.min.js` });
  const stock = await page.evaluate(async (ticket) => {
    const socket = globalThis.io({ query: { ticket } });
    const said = new Promise((resolve, reject) => socket.on("news", (_data, { from }) => resolve(from.user)).on("connect_error", reject));
    socket.emit("join", "demo:tickets").emit("publish", "demo:tickets", "news", 1);
    return said;
  }, await ticket(context));
  assert.equal(stock, "ada");
});

/** `localhost` and `127.0.0.1` are two sites, between which browsers carry such cookies only, and only over TLS. */
test("a page of another site is refused though the cookie travels with it, and a listed one comes in by it", async (t) => {
  const profile = await launchWithCookies(join(folder, "profile"), [trust()]);
  t.after(() => profile.close());
  const come = ({ port }) => attempts(profile, { address: `http://127.0.0.1:${port}/`, origin, cookie: { value: COOKIE, sameSite: "None", secure: true } });
  assert.deepEqual(await come(foreign), REFUSED);
  assert.deepEqual(store.asked, []);
  assert.deepEqual(await come(listed), { ws: "ada", polling: "ada", websocket: "ada", status: "refused" });
  assert.deepEqual(store.asked, Array(3).fill(`sid=${COOKIE}`));
});
