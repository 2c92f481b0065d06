/** Messages: from the wire into a known form, and from that into elements. */
import { h, icon } from "./dom.js";
import { hueOf, initialOf, personOf } from "./identity.js";

/**
 * @typedef {object} Message
 * @prop {string} id given by the sender, "" when it is no chat page
 * @prop {string} text
 * @prop {number | null} at when it was written, by the sender's clock
 * @prop {import("./identity.js").Person} person
 * @prop {boolean} own
 */

const FOLD_LENGTH = 1200;
const FOLD_LINES = 16;
const TOGETHER = 5 * 60 * 1000;
const ONLY_EMOJI = /^(?:[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f]|\s){1,24}$/u;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

/**
 * Reads an event named `message`. `data` is `{id, text, at}` from this page and may be anything from others: a text, or
 * something that is shown as JSON.
 * @param {{ data: any, from?: import("/ropeway.js").Member }} event @param {string} ownId @returns {Message}
 */
export function readMessage({ data, from }, ownId) {
  const fields = Object(data);
  const text = typeof data === "string" ? data : typeof fields.text === "string" ? fields.text : JSON.stringify(data);
  const person = personOf(from);
  return {
    id: typeof fields.id === "string" ? fields.id : "",
    text: String(text).slice(0, 20000),
    at: Number.isFinite(fields.at) && Math.abs(fields.at) < 8.64e15 ? fields.at : null,
    person,
    own: Boolean(from) && person.id === ownId,
  };
}

/** Whether a message is shown as the continuation of the one before. @param {Message | null} before @param {Message} message */
export function belongsTo(before, message) {
  if (!before || before.person.id !== message.person.id || before.person.name !== message.person.name) return false;
  return Math.abs((message.at ?? 0) - (before.at ?? 0)) < TOGETHER;
}

/** @param {Message} message @param {boolean} follows @returns {HTMLLIElement} */
export function messageElement(message, follows) {
  const { person, own, text } = message;
  const classes = ["message", hueOf(person.id), own && "own", follows && "follows", ONLY_EMOJI.test(text) && "emoji"];
  return h("li", { class: classes.filter(Boolean).join(" "), "data-id": message.id }, avatar(person), body(message));
}

/** @param {import("./identity.js").Person} person */
export function avatar({ name }) {
  return h("span", { class: "avatar", "aria-hidden": "true" }, initialOf(name));
}

/** @param {Message} message */
function body(message) {
  const name = h("bdi", { class: "author" }, message.own ? "You" : message.person.name);
  const head = h("p", { class: "head" }, name);
  if (message.at !== null) head.append(" ", time(message.at));
  return h("div", { class: "body" }, head, bubble(message.text));
}

/** @param {number} at */
function time(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return h("time", { datetime: date.toISOString() }, today ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`);
}

/** @param {string} text */
function bubble(text) {
  const content = h("p", { class: "text", dir: "auto" }, text);
  const long = text.length > FOLD_LENGTH || text.split("\n", FOLD_LINES + 1).length > FOLD_LINES;
  return long ? h("div", { class: "bubble folded" }, content, unfold(content)) : h("div", { class: "bubble" }, content);
}

/** @param {HTMLElement} content */
function unfold(content) {
  const button = h("button", { type: "button", class: "unfold", "aria-expanded": "false" }, "Show all");
  button.addEventListener("click", () => {
    const folded = content.parentElement?.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = folded ? "Show all" : "Show less";
  });
  return button;
}

/** What became of a message of ours, below its bubble. @param {"waiting" | "sent"} state */
export function delivery(state) {
  if (state === "sent") return h("p", { class: "delivery" }, icon("M4.5 12.5 10 18 20 7"), h("span", { class: "visually-hidden" }, "Sent"));
  return h("p", { class: "delivery" }, icon("M12 7v5l3.5 2", "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z"), "Waiting to be sent");
}

/** @param {string} reason @param {() => void} again */
export function failure(reason, again) {
  const button = h("button", { type: "button" }, "Try again");
  button.addEventListener("click", again);
  return h("p", { class: "delivery failed" }, icon("M12 7v6.5M12 17v.01", "M12 3.5 21.5 20h-19z"), `Not sent: ${reason}. `, button);
}

/** A line between messages about the conversation itself. @param {string} title @param {string} text */
export function noticeElement(title, text) {
  return h("li", { class: "notice" }, h("p", {}, h("strong", {}, title), " ", text));
}
