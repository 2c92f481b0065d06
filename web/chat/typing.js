/** Who is writing: volatile events, which are worth nothing a few seconds later and are kept nowhere. */
import { find } from "./dom.js";

const REPEAT = 2500;
const FORGET = 5000;

/** Tells others that we are writing, at most every `REPEAT`. */
export class TypingSender {
  #room;
  #told = 0;

  /** @param {import("/ropeway.js").Room} room */
  constructor(room) {
    this.#room = room;
  }

  /** @param {string} text what stands in the field now */
  changed(text) {
    if (!text.trim()) return this.stop();
    if (performance.now() - this.#told < REPEAT && this.#told) return;
    this.#told = performance.now();
    this.#room.publish("typing", true, { volatile: true });
  }

  stop() {
    if (!this.#told) return;
    this.#told = 0;
    this.#room.publish("typing", false, { volatile: true });
  }
}

/** Shows who is writing. */
export class TypingView {
  /** @type {Map<string, { name: string, timer: any }>} */
  #writers = new Map();

  /** @param {import("./identity.js").Person} person @param {boolean} writing */
  changed({ id, name }, writing) {
    clearTimeout(this.#writers.get(id)?.timer);
    this.#writers.delete(id);
    if (writing) this.#writers.set(id, { name, timer: setTimeout(() => this.changed({ id, name }, false), FORGET) });
    this.#show();
  }

  #show() {
    const names = [...this.#writers.values()].map(({ name }) => `\u2068${name}\u2069`);
    find("typing").classList.toggle("active", names.length > 0);
    find("typing-text").textContent = sentence(names);
  }
}

/** @param {string[]} names */
function sentence(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing`;
  return names.length === 2 ? `${names[0]} and ${names[1]} are typing` : `${names.length} people are typing`;
}
