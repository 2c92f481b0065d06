/** The demo chat: one room, named by `?room=`. Each part of the page has a module; here they meet. */
import { Ropeway } from "/ropeway.js";

import { setUpComposer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { find } from "./dom.js";
import { keepName, loadPerson, personOf } from "./identity.js";
import { Outbox } from "./outbox.js";
import { People, setUpPanel } from "./people.js";
import { showConnection } from "./status.js";
import { Timeline } from "./timeline.js";
import { TypingSender, TypingView } from "./typing.js";
import { Unread } from "./unread.js";

/** @typedef {import("./outbox.js").Draft} Draft */

const DEFAULT_ROOM = "demo:lobby";

const me = loadPerson();
const roomName = new URLSearchParams(location.search).get("room")?.trim() || DEFAULT_ROOM;
const client = new Ropeway("/ws");
const room = client.join(roomName, { info: me });
const timeline = new Timeline();
const people = new People(me.id);
const outbox = new Outbox(roomName);
const unread = new Unread(`${roomName} · Ropeway chat`);
const typingView = new TypingView();
const typingSender = new TypingSender(room);

find("room").textContent = roomName;
showConnection(client);
new Conversation(room, timeline, me.id, (message) => message.own || unread.came(message));
setUpPanel();
setUpName();
setUpComposer({
  changed: (text) => typingSender.changed(text),
  left: () => typingSender.stop(),
  send: (text) => {
    typingSender.stop();
    send(outbox.add(text));
  },
});
outbox.drafts.forEach(send);
// On a phone the keyboard would cover half of what was said.
if (matchMedia("(pointer: fine)").matches) find("text").focus();

room.on("presence", ({ members }) => people.update(members));
room.on("event", ({ name, data, from }) => {
  const person = personOf(from);
  if (person.id === me.id) return;
  if (name === "typing") typingView.changed(person, data === true);
  if (name === "message") typingView.changed(person, false);
});
room.on("error", ({ error }) => refused(error.message));
room.on("left", () => refused("the server ended the membership"));

/** @param {Draft} draft */
function send(draft) {
  timeline.wait({ ...draft, person: me, own: true });
  deliver(draft);
}

/** Publishes under the draft's own key: however often, it is delivered once. @param {Draft} draft */
async function deliver(draft) {
  const { id, key, text, at } = draft;
  try {
    await room.publish("message", { id, text, at }, { key });
    outbox.remove(id);
    timeline.delivered(id);
  } catch (error) {
    timeline.failed(id, /** @type {Error} */ (error).message, () => {
      timeline.waiting(id);
      deliver(draft);
    });
  }
}

function setUpName() {
  const field = find("name");
  field.value = me.name;
  find("you").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (!name || name === me.name) return;
    me.name = name;
    keepName(name);
    room.update({ ...me });
    find("text").focus();
  });
}

/** @param {string} reason */
function refused(reason) {
  timeline.notice(`You are not in ${roomName}:`, `${reason}. The room ${DEFAULT_ROOM} is open on a server with development defaults.`);
}
