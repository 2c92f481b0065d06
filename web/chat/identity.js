/**
 * Who writes in this window. The name that was chosen is kept in localStorage and is what a new window begins with; the id
 * and the name in use are kept in sessionStorage, so that they outlive a reload and that two windows are two people.
 * The id is what the window says of itself: good enough to put messages together, no proof of anything.
 */
import { randomKey } from "/ropeway.js";

/** @typedef {{ id: string, name: string }} Person */

const FIRST = ["Swift", "Quiet", "Merry", "Brave", "Sunny", "Clever", "Gentle", "Snowy", "Nimble", "Early", "Mellow", "Bold"];
const LAST = ["Marmot", "Ibex", "Chamois", "Lynx", "Eagle", "Chough", "Hare", "Ptarmigan", "Fox", "Stoat", "Finch", "Edelweiss"];

/** @returns {Person} */
export function loadPerson() {
  const id = read("session", "id") ?? randomKey().slice(0, 16);
  const name = read("session", "name") ?? read("local", "name") ?? `${pick(FIRST)} ${pick(LAST)}`;
  write("session", "id", id);
  write("session", "name", name);
  return { id, name };
}

/** @param {string} name */
export function keepName(name) {
  write("session", "name", name);
  write("local", "name", name);
}

/**
 * A member of a room as a person. Other programs may join with anything or nothing as `info`.
 * @param {import("/ropeway.js").Member | undefined} member @returns {Person}
 */
export function personOf(member) {
  const { id, name } = Object(member?.info);
  const session = member?.session ?? "";
  return {
    id: typeof id === "string" && id ? id : session,
    name: typeof name === "string" && name.trim() ? name.trim().slice(0, 80) : (member?.user ?? (session ? "Guest" : "Server")),
  };
}

/** The hue of a person, of eight: always the same for the same id. @param {string} id */
export function hueOf(id) {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return `hue-${hash % 8}`;
}

/** What stands in the circle: the first letter as people count letters. @param {string} name */
export function initialOf(name) {
  const { value } = new Intl.Segmenter().segment(name)[Symbol.iterator]().next();
  return (value?.segment ?? "?").toLocaleUpperCase();
}

/** @param {string[]} words */
const pick = (words) => words[Math.floor(Math.random() * words.length)];

// Storage may be forbidden; then nothing is remembered.

/** @param {"local" | "session"} where @param {string} name @returns {string | null} */
export function read(where, name) {
  try {
    return storage(where).getItem(`ropeway.${name}`);
  } catch {
    return null;
  }
}

/** @param {"local" | "session"} where @param {string} name @param {string} value */
export function write(where, name, value) {
  try {
    storage(where).setItem(`ropeway.${name}`, value);
  } catch {}
}

/** @param {"local" | "session"} where */
const storage = (where) => (where === "local" ? localStorage : sessionStorage);
