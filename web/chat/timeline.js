/**
 * The conversation as it is seen: a bounded number of messages, those that wait to be sent below them, and the place where
 * the reader is. At the end it stays at the end; elsewhere it stays where it is and says how many came.
 */
import { find, h } from "./dom.js";
import { belongsTo, delivery, failure, messageElement, noticeElement } from "./message.js";

/** @typedef {import("./message.js").Message} Message */

const MAX_SHOWN = 400;
const NEAR_THE_END = 80;

export class Timeline {
  #log = find("log");
  #messages = find("messages");
  #waiting = find("waiting");
  #jump = find("jump");
  #atEnd = true;
  #below = 0;
  /** @type {Message | null} */
  #last = null;
  #trimmed = false;

  constructor() {
    this.#log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#jump.addEventListener("click", () => this.toEnd(true));
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(this.#log);
  }

  /** Appends messages, oldest first. @param {Message[]} messages */
  add(messages) {
    const shown = messages.slice(-MAX_SHOWN);
    if (shown.length < messages.length) this.#trimmed = true;
    const fragment = document.createDocumentFragment();
    for (const message of shown) fragment.append(this.#element(message));
    this.#append(fragment, messages.filter(({ own }) => !own).length);
  }

  /** @param {string} title @param {string} text */
  notice(title, text) {
    this.#last = null;
    this.#append(noticeElement(title, text), 0);
  }

  /** Shows a message of ours that is not yet delivered. @param {Message} message */
  wait(message) {
    const before = this.#waiting.lastElementChild ? message : this.#last;
    const element = messageElement(message, belongsTo(before, message));
    element.querySelector(".body")?.append(h("p", { class: "delivery" }));
    this.#waiting.append(element);
    this.waiting(message.id);
    this.settle();
    this.toEnd();
  }

  /** @param {string} id */
  waiting(id) {
    this.#mark(id, "pending", delivery("waiting"));
  }

  /** The server has it; its event brings it into the conversation. @param {string} id */
  delivered(id) {
    this.#mark(id, "", delivery("sent"));
  }

  /** @param {string} id @param {string} reason @param {() => void} again */
  failed(id, reason, again) {
    this.#mark(id, "failed", failure(reason, again));
    if (this.#atEnd) this.toEnd();
  }

  /** All that there is has been shown: says so if it is nothing. */
  settle() {
    find("empty").hidden = this.#messages.children.length + this.#waiting.children.length > 0;
  }

  /** @param {boolean} [focus] */
  toEnd(focus = false) {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#atEnd = true;
    this.#below = 0;
    this.#refresh();
    if (focus) find("text").focus();
  }

  /** @param {Message} message */
  #element(message) {
    const waiting = message.own && message.id ? this.#waitingElement(message.id) : null;
    waiting?.remove();
    const element = messageElement(message, belongsTo(this.#last, message));
    // It was seen already, below: it must not enter a second time.
    if (waiting) element.classList.add("settled");
    if (message.own) element.querySelector(".body")?.append(delivery("sent"));
    this.#last = message;
    return element;
  }

  /** @param {Node} node @param {number} news */
  #append(node, news) {
    find("empty").hidden = true;
    this.#messages.append(node);
    this.#trim();
    if (this.#atEnd) return this.toEnd();
    this.#below += news;
    this.#refresh();
  }

  #trim() {
    const surplus = this.#messages.children.length - MAX_SHOWN;
    for (let n = 0; n < surplus; n++) this.#messages.firstElementChild?.remove();
    this.#trimmed ||= surplus > 0;
    if (!this.#trimmed) return;
    this.#messages.firstElementChild?.classList.remove("follows");
    if (!find("trimmed")) this.#messages.before(h("p", { id: "trimmed", class: "trimmed" }, "Older messages are not shown"));
  }

  /** @param {string} id @param {"" | "pending" | "failed"} state @param {HTMLElement} note */
  #mark(id, state, note) {
    const element = this.#waitingElement(id);
    if (!element) return;
    element.classList.toggle("pending", state === "pending");
    element.classList.toggle("failed", state === "failed");
    element.querySelector(".delivery")?.replaceWith(note);
  }

  /** @param {string} id @returns {HTMLElement | null} */
  #waitingElement(id) {
    return this.#waiting.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    if (this.#atEnd) this.#below = 0;
    this.#refresh();
  }

  #refresh() {
    this.#jump.hidden = this.#atEnd;
    const count = this.#below;
    find("jump-text").textContent = count ? `${count} new message${count === 1 ? "" : "s"}` : "To the newest";
  }
}
