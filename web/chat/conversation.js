/**
 * What is said in the room, in order and once: the history first, then what came meanwhile, then what comes. After a
 * reconnect that recovered nothing is asked for; after one that did not the history is read again.
 */
import { readMessage } from "./message.js";

/** @typedef {import("/ropeway.js").Room} Room */
/** @typedef {{ data: any, from?: import("/ropeway.js").Member, offset?: number, epoch?: string }} Said */

const HISTORY = 100;
const KEPT = 400;

export class Conversation {
  #room;
  #timeline;
  #ownId;
  #onNew;
  /** @type {{ epoch?: string, offset: number }} the last one shown */
  #last = { offset: 0 };
  /** @type {Said[]} came and not yet shown */
  #queue = [];
  #loading = 0;
  #scheduled = false;

  /**
   * @param {Room} room @param {import("./timeline.js").Timeline} timeline @param {string} ownId
   * @param {(message: import("./message.js").Message) => void} onNew a live message
   */
  constructor(room, timeline, ownId, onNew) {
    this.#room = room;
    this.#timeline = timeline;
    this.#ownId = ownId;
    this.#onNew = onNew;
    room.on("joined", ({ recovered }) => recovered || this.#load());
    room.on("lost", ({ epochChanged }) => epochChanged && this.#restarted());
    room.on("event", (event) => event.name === "message" && this.#came(event));
  }

  async #load() {
    const turn = ++this.#loading;
    const known = this.#last;
    const past = await this.#room.history({ limit: HISTORY }).catch(() => null);
    if (turn !== this.#loading) return;
    this.#loading = 0;
    if (past) this.#showPast(past, known);
    this.#flush();
    this.#timeline.settle();
  }

  /** @param {import("/ropeway.js").History} past @param {{ epoch?: string, offset: number }} known */
  #showPast({ epoch, offset, events }, known) {
    const first = events[0]?.offset ?? offset + 1;
    if (known.epoch === epoch && first > known.offset + 1)
      this.#timeline.notice("Some messages are missing here.", "More came while you were away than the server keeps at hand.");
    const said = events.filter(({ event }) => event === "message").map(({ data, from, offset }) => ({ data, from, offset, epoch }));
    this.#show(said);
  }

  #restarted() {
    this.#timeline.notice(
      "The server was restarted.",
      "It keeps the history in memory, so it has forgotten what was said before. You can go on talking; the messages above remain in this window only.",
    );
  }

  /** @param {Said} said */
  #came({ data, from, offset, epoch }) {
    this.#queue.push({ data, from, offset, epoch });
    if (this.#queue.length > KEPT) this.#queue.shift();
    this.#onNew(readMessage({ data, from }, this.#ownId));
    if (this.#loading || this.#scheduled) return;
    this.#scheduled = true;
    // Many at once are drawn once; a hidden page gets no frames.
    if (document.hidden) setTimeout(() => this.#flush(), 200);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#scheduled = false;
    if (!this.#loading) this.#show(this.#queue.splice(0));
  }

  /** Shows what was not shown before. @param {Said[]} said */
  #show(said) {
    const fresh = said.filter((one) => this.#isFresh(one));
    if (fresh.length) this.#timeline.add(fresh.map((one) => readMessage(one, this.#ownId)));
  }

  /** @param {Said} said */
  #isFresh({ offset, epoch }) {
    if (offset === undefined) return true;
    if (epoch === this.#last.epoch && offset <= this.#last.offset) return false;
    this.#last = { epoch, offset };
    return true;
  }
}
