/** How many messages came while nobody looked: in the title, and said to screen readers in few words. */
import { announce } from "./dom.js";

const SAID_AT_ONCE = 3;
const GATHER = 800;

export class Unread {
  #title;
  #count = 0;
  /** @type {import("./message.js").Message[]} */
  #unsaid = [];
  /** @type {any} */
  #timer = null;

  /** @param {string} title */
  constructor(title) {
    this.#title = title;
    const seen = () => document.hidden || !document.hasFocus() || this.#show(0);
    for (const type of ["focus", "visibilitychange"]) addEventListener(type, seen);
    this.#show(0);
  }

  /** @param {import("./message.js").Message} message of somebody else, live */
  came(message) {
    if (document.hidden || !document.hasFocus()) this.#show(this.#count + 1);
    this.#unsaid.push(message);
    this.#timer ??= setTimeout(() => this.#say(), GATHER);
  }

  #say() {
    const messages = this.#unsaid.splice(0);
    this.#timer = null;
    const few = messages.length <= SAID_AT_ONCE;
    announce(few ? messages.map(({ person, text }) => `${person.name}: ${text.slice(0, 300)}`).join(". ") : `${messages.length} new messages`);
  }

  /** @param {number} count */
  #show(count) {
    this.#count = count;
    document.title = count ? `(${count > 99 ? "99+" : count}) ${this.#title}` : this.#title;
  }
}
