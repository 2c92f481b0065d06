/** Who is here. Somebody who goes and comes back within a few seconds, as in a reconnect, never leaves the list. */
import { find, h } from "./dom.js";
import { hueOf, personOf } from "./identity.js";
import { avatar } from "./message.js";

/** @typedef {import("./identity.js").Person} Person */
/** @typedef {import("/ropeway.js").Member} Member */

const GRACE = 6000;

export class People {
  #ownId;
  /** @type {Map<string, { person: Person, leaving: any }>} by the id of the person */
  #known = new Map();

  /** @param {string} ownId */
  constructor(ownId) {
    this.#ownId = ownId;
  }

  /** @param {Member[]} members all that are in the room now */
  update(members) {
    const present = new Map(members.map((member) => [personOf(member).id, personOf(member)]));
    for (const [id, known] of this.#known) if (!present.has(id)) known.leaving ??= setTimeout(() => this.#gone(id), GRACE);
    for (const [id, person] of present) {
      clearTimeout(this.#known.get(id)?.leaving);
      this.#known.set(id, { person, leaving: null });
    }
    this.#show();
  }

  /** @param {string} id */
  #gone(id) {
    this.#known.delete(id);
    this.#show();
  }

  #show() {
    const people = [...this.#known.values()].map(({ person }) => person);
    const own = (/** @type {Person} */ { id }) => Number(id === this.#ownId);
    people.sort((one, other) => own(other) - own(one) || one.name.localeCompare(other.name));
    find("members").replaceChildren(...people.map((person) => this.#element(person)));
    find("people-count").textContent = String(people.length);
  }

  /** @param {Person} person */
  #element(person) {
    const own = person.id === this.#ownId;
    const name = h("bdi", { class: "member-name", title: person.name }, person.name);
    return h("li", { class: hueOf(person.id) }, avatar(person), name, own ? h("span", { class: "tag" }, "you") : "");
  }
}

/** Opens and closes the list where there is no space beside the conversation. */
export function setUpPanel() {
  const [toggle, panel] = [find("people-toggle"), find("people")];
  const show = (/** @type {boolean} */ open) => {
    panel.classList.toggle("open", open);
    toggle.setAttribute("aria-expanded", String(open));
  };
  const shown = () => panel.classList.contains("open");
  toggle.addEventListener("click", () => {
    show(!shown());
    if (shown()) find("name").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shown()) return;
    show(false);
    toggle.focus();
  });
  find("log").addEventListener("pointerdown", () => show(false));
}
