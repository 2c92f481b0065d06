/** The chat page in a real browser, against the server that `server.mjs` finds. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";

import { launch, PHONE, Person, until } from "./pages.mjs";
import { startProxy } from "./proxy.mjs";
import { startServer } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const options = { timeout: 120000 };

let server, proxy, browser;
/** @type {Person[]} */
let people = [];
let rooms = 0;

before(async () => {
  server = await startServer();
  proxy = await startProxy(server.port);
  browser = await launch();
}, options);

afterEach(async () => {
  proxy.mend();
  const faults = people.flatMap((person) => person.faults);
  await Promise.all(people.map((person) => person.leave()));
  people = [];
  assert.deepEqual(faults, [], "the browser complained");
});

after(async () => {
  await browser?.close();
  await proxy?.close();
  await server?.close();
});

/** Opens windows in a room of this test's own. */
async function arrive(...persons) {
  const room = `demo:test-${++rooms}`;
  for (const person of persons) people.push(await Person.arrive(browser, proxy.origin, { room, ...person }));
  return people;
}

test("two windows talk, see each other and see each other typing", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  await until(async () => (await ada.people()).join() === "Ada,Bob");
  await until(async () => (await bob.people()).join() === "Ada,Bob");
  await ada.page.locator("#text").pressSequentially("Hel");
  await bob.page.getByText("Ada\u2069 is typing").waitFor();
  await ada.say("Hello, Bob");
  await bob.hears("Hello, Bob");
  await until(async () => (await bob.page.locator("#typing-text").textContent()) === "");
  await bob.say("Hello, Ada");
  await ada.hears("Hello, Ada");
  await bob.allSaid();
  assert.deepEqual(await ada.heard(), ["Hello, Bob", "Hello, Ada"]);
  assert.deepEqual(await ada.heard(), await bob.heard());
  assert.match(await ada.page.locator("#status-text").textContent(), /^Connected, [\d.]+ ms$/);
});

test("a reload shows the history, and who said what", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  for (const text of ["one", "two"]) await ada.say(text);
  await bob.say("three");
  await until(async () => (await ada.heard()).length === 3);
  const before = await ada.heard();
  await ada.page.reload();
  await ada.hears("three");
  assert.deepEqual(await ada.heard(), before);
  assert.equal(await ada.page.locator("#messages .own").count(), 2);
});

test("after a cut nothing is lost or doubled, and what was typed meanwhile arrives once", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  await ada.say("before the cut");
  await bob.hears("before the cut");
  await ada.allSaid();
  proxy.cut();
  await Promise.all([ada, bob].map((person) => person.is("waiting")));
  for (const text of ["a1", "a2"]) await ada.say(text);
  await bob.say("b1");
  assert.deepEqual(await ada.waiting(), ["a1", "a2"]);
  assert.equal(await ada.page.locator("#waiting .pending").count(), 2);
  proxy.mend();
  await Promise.all([ada, bob].map((person) => person.connected()));
  await until(async () => (await ada.heard()).length === 4 && (await bob.heard()).length === 4);
  await ada.say("after the cut");
  await bob.hears("after the cut");
  await Promise.all([ada, bob].map((person) => person.allSaid()));
  const heard = await ada.heard();
  assert.deepEqual(heard, await bob.heard());
  assert.deepEqual([...heard].sort(), ["a1", "a2", "after the cut", "b1", "before the cut"]);
  assert.ok(heard.indexOf("a1") < heard.indexOf("a2"), "the order of writing is kept");
  assert.deepEqual([await ada.waiting(), await bob.waiting()], [[], []]);
  assert.equal(await ada.page.locator(".notice").count(), 0);
});

test("cuts in the middle of talking lose and double nothing", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  const said = [];
  for (let round = 0; round < 3; round++) {
    for (const n of [1, 2, 3, 4]) {
      said.push(`${round}.${n}`);
      await ada.say(said.at(-1));
      if (n === 2) proxy.cut();
    }
    proxy.mend();
    for (const person of [ada, bob]) await until(async () => (await person.heard()).length === said.length);
  }
  assert.deepEqual(await ada.heard(), said);
  assert.deepEqual(await bob.heard(), said);
});

test("a reconnect does not flicker in the list of people", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  await until(async () => (await ada.people()).length === 2);
  await ada.page.evaluate(() => {
    const members = document.getElementById("members");
    globalThis.fewest = 2;
    new MutationObserver(() => (globalThis.fewest = Math.min(globalThis.fewest, members.children.length))).observe(members, { childList: true });
  });
  proxy.cut();
  await Promise.all([ada, bob].map((person) => person.is("waiting")));
  proxy.mend();
  await Promise.all([ada, bob].map((person) => person.connected()));
  await ada.say("back");
  await bob.hears("back");
  assert.equal(await ada.page.evaluate(() => globalThis.fewest), 2);
  assert.deepEqual(await ada.people(), ["Ada", "Bob"]);
  await people.pop().leave();
  await until(async () => (await ada.people()).length === 1);
});

test("what was not delivered outlives a reload and is delivered once", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  // The page itself must load again while nothing reaches the server, so only the WebSocket is kept away.
  await ada.page.context().routeWebSocket(/\/ws$/, (route) => route.close({ code: 4000 }));
  await ada.page.reload();
  await ada.page.fill("#text", "typed before the reload");
  await ada.page.press("#text", "Enter");
  assert.deepEqual(await ada.waiting(), ["typed before the reload"]);
  const kept = await ada.page.evaluate(() => ({ ...sessionStorage }));
  await ada.leave();
  const room = new URL(bob.page.url()).searchParams.get("room");
  const context = await browser.newContext();
  await context.addInitScript((kept) => Object.entries(kept).forEach(([name, value]) => sessionStorage.setItem(name, value)), kept);
  people[0] = new Person(await context.newPage());
  await people[0].page.goto(`${proxy.origin}/?room=${room}`);
  await bob.hears("typed before the reload");
  assert.deepEqual(await bob.heard(), ["typed before the reload"]);
  await people[0].allSaid();
});

test("after a restart of the server both are told and talk on", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  await ada.say("before the restart");
  await bob.hears("before the restart");
  await ada.allSaid();
  const { port } = server;
  await server.close();
  await Promise.all([ada, bob].map((person) => person.is("waiting")));
  await ada.say("typed meanwhile");
  server = await startServer(port);
  for (const person of [ada, bob]) {
    await person.connected();
    await person.page.locator(".notice", { hasText: "The server was restarted." }).waitFor();
  }
  await bob.hears("typed meanwhile");
  await bob.say("after the restart");
  await ada.hears("after the restart");
  await bob.allSaid();
  for (const person of [ada, bob]) {
    assert.deepEqual(await person.heard(), ["before the restart", "typed meanwhile", "after the restart"]);
    assert.equal(await person.page.locator(".notice").count(), 1);
  }
  await ada.shoot("restarted");
});

test("everything works with the keyboard alone", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  const { keyboard } = ada.page;
  const focus = () => ada.page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
  assert.equal(await focus(), "text");
  await keyboard.type("first line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("second line");
  await keyboard.press("Enter");
  await bob.hears("second line");
  assert.deepEqual(await bob.heard(), ["first line\nsecond line"]);
  assert.equal(await focus(), "text");
  const order = [];
  do {
    await keyboard.press("Tab");
    order.push(await focus());
  } while (order.at(-1) !== "text" && order.length < 20);
  // Between the last and the first of the page the browser itself has its turn.
  assert.deepEqual(order.filter((stop) => stop !== "BODY"), ["send", "name", "BUTTON", "skip", "log", "text"]);
  for (const _ of ["send", "name"]) await keyboard.press("Tab");
  await keyboard.press("Control+A");
  await keyboard.type("Countess");
  await keyboard.press("Enter");
  await until(async () => (await bob.people()).join() === "Bob,Countess");
  assert.equal(await focus(), "text");
  await keyboard.type("renamed");
  await keyboard.press("Enter");
  await bob.page.locator(".author", { hasText: "Countess" }).waitFor();
  await ada.page.reload();
  await ada.hears("renamed");
  assert.equal(await ada.page.inputValue("#name"), "Countess");
});

test("on a phone the list of people opens, takes the focus and gives it back", options, async () => {
  const [ada] = await arrive({ name: "Ada", ...PHONE });
  await ada.page.tap("#people-toggle");
  await until(() => ada.page.evaluate(() => document.activeElement.id === "name"));
  assert.equal(await ada.page.getAttribute("#people-toggle", "aria-expanded"), "true");
  await ada.page.keyboard.press("Escape");
  assert.equal(await ada.page.evaluate(() => document.activeElement.id), "people-toggle");
  await ada.page.locator("#people").waitFor({ state: "hidden" });
});

test("a screen reader hears new messages of others, not the history and not one's own", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  const spoken = () => ada.page.locator("#announcer").textContent();
  await ada.say("mine");
  await bob.say("yours");
  await until(async () => (await spoken()).trim() === "Bob: yours");
  for (let n = 0; n < 5; n++) await bob.say(`quick ${n}`);
  await until(async () => /quick 4|new messages/.test(await spoken()));
  await ada.page.reload();
  await ada.hears("quick 4");
  assert.equal(await spoken(), "");
});

test("the title counts what came while nobody looked", options, async () => {
  const [ada, bob] = await arrive({ name: "Ada" }, { name: "Bob" });
  await ada.page.evaluate(() => (document.hasFocus = () => false));
  await bob.say("psst");
  await ada.hears("psst");
  assert.match(await ada.page.title(), /^\(1\) /);
  await ada.page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event("focus"));
  });
  assert.match(await ada.page.title(), /^demo:/);
});

test("markup is text, odd data is shown, long messages fold, thousands stay bounded", options, async () => {
  const [ada, bob] = await arrive({ name: "<b>Ada</b>" }, { name: "م".repeat(40) });
  const markup = '<img src=x onerror="document.title=1"><script>1</script>';
  await ada.say(markup);
  await bob.hears("<img");
  assert.deepEqual(await bob.heard(), [markup]);
  assert.equal(await bob.page.locator(".author bdi, bdi.author").first().textContent(), "<b>Ada</b>");
  await ada.say("line\n".repeat(40));
  await bob.page.getByRole("button", { name: "Show all" }).click();
  await bob.page.getByRole("button", { name: "Show less" }).waitFor();
  await ada.page.evaluate(async (room) => {
    const { Ropeway } = await import("/ropeway.js");
    const client = new Ropeway("/ws");
    const crowd = client.join(room);
    for (const data of [null, 7, ["a"], { text: 7 }, "plain"]) await crowd.publish("message", data);
    for (let n = 0; n < 1500; n += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => crowd.publish("message", { text: `m${n + k}` })));
    client.close();
  }, new URL(ada.page.url()).searchParams.get("room"));
  await bob.hears("m1499");
  await ada.hears("m1499");
  assert.equal(await ada.page.locator("#messages > li").count(), 400);
  const sideways = () => document.documentElement.scrollWidth > innerWidth || document.getElementById("log").scrollWidth > document.getElementById("log").clientWidth;
  assert.equal(await bob.page.evaluate(sideways), false);
  const toEnd = () => bob.page.evaluate(() => (({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.getElementById("log")));
  assert.ok((await toEnd()) < 2, "it stays at the end");
  await bob.page.evaluate(() => (document.getElementById("log").scrollTop = 0));
  await bob.page.locator("#jump").waitFor();
  await ada.say("one more");
  await bob.page.getByRole("button", { name: "1 new message" }).click();
  assert.ok((await toEnd()) < 2);
});

test("a room that is not open says so", options, async (t) => {
  if (!process.env.ROPEWAY_BIN && !process.env.ROPEWAY) return t.skip("the fake server opens every room");
  people.push(await Person.arrive(browser, proxy.origin, { room: "private:room" }));
  await people[0].page.locator(".notice", { hasText: "You are not in private:room" }).waitFor();
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`axe finds nothing, ${colorScheme}`, options, async () => {
    const [desktop, phone] = await arrive({ name: "Ada", colorScheme }, { name: "Grace", colorScheme, ...PHONE });
    await scene(desktop, phone);
    await desktop.page.waitForTimeout(1500);
    await desktop.shoot(`desktop-${colorScheme}`);
    await phone.shoot(`phone-${colorScheme}`);
    for (const person of [desktop, phone]) await inspect(person);
    await phone.page.tap("#people-toggle");
    await phone.page.waitForTimeout(400);
    await phone.shoot(`phone-people-${colorScheme}`);
    await inspect(phone);
    proxy.cut();
    await desktop.is("waiting");
    await desktop.say("Typed while the line was down");
    await desktop.page.waitForTimeout(700);
    await desktop.shoot(`desktop-cut-${colorScheme}`);
    await inspect(desktop);
    proxy.mend();
  });
}

async function scene(ada, grace) {
  await ada.say("Good morning! Is the first cabin up already?");
  await grace.hears("Good morning");
  await grace.say("Left the valley two minutes ago.");
  await grace.say("Fog below, sun above the tree line. You should see this.");
  await ada.hears("Fog below");
  await ada.say("On my way. Save me a seat on the terrace");
  await ada.say("and a coffee, please");
  await grace.hears("coffee");
  await grace.say("The upper station is open until five, the last descent leaves at a quarter past, and whoever misses it walks down in the dark with the marmots.");
  await ada.hears("marmots");
  await grace.page.locator("#text").pressSequentially("And bri");
}

/** @param {Person} person */
async function inspect({ page }) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]), []);
}

test("the tutorial: a bare WebSocket is echoed and closes with 1000", options, async () => {
  const [ada] = await arrive({ name: "Ada" });
  const result = await ada.page.evaluate(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/echo`);
        const seen = [];
        socket.onopen = () => socket.send("Hello, world!");
        socket.onmessage = ({ data }) => {
          seen.push(data);
          socket.close(1000, "done");
        };
        socket.onclose = ({ code, reason, wasClean }) => resolve({ seen, code, reason, wasClean });
      }),
  );
  assert.deepEqual(result, { seen: ["Hello, world!"], code: 1000, reason: "done", wasClean: true });
});
