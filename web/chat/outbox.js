/**
 * What was written and is not yet delivered. Kept in sessionStorage with the key of each publish, so that it also outlives
 * a reload: sent again with the same key it is still delivered once.
 */
import { randomKey } from "/ropeway.js";
import { read, write } from "./identity.js";

/** @typedef {{ id: string, key: string, text: string, at: number }} Draft */

export class Outbox {
  #entry;
  /** @type {Map<string, Draft>} */
  #drafts;

  /** @param {string} room */
  constructor(room) {
    this.#entry = `outbox.${room}`;
    this.#drafts = new Map(parse(read("session", this.#entry)).map((draft) => [draft.id, draft]));
  }

  /** Oldest first. */
  get drafts() {
    return [...this.#drafts.values()];
  }

  /** @param {string} text @returns {Draft} */
  add(text) {
    const draft = { id: randomKey().slice(0, 16), key: randomKey(), text, at: Date.now() };
    this.#drafts.set(draft.id, draft);
    this.#keep();
    return draft;
  }

  /** @param {string} id */
  remove(id) {
    if (this.#drafts.delete(id)) this.#keep();
  }

  #keep() {
    write("session", this.#entry, JSON.stringify(this.drafts));
  }
}

/** @param {string | null} text @returns {Draft[]} */
function parse(text) {
  try {
    const drafts = JSON.parse(text ?? "[]");
    return Array.isArray(drafts) ? drafts.filter((draft) => typeof draft?.id === "string" && typeof draft.text === "string") : [];
  } catch {
    return [];
  }
}
