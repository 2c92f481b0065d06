/** The few words of DOM that the page is written in. Text becomes text nodes, never markup. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {{ [attribute: string]: string | boolean }} [attributes] true: present without a value, false: absent
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children);
  return element;
}

/** The element of the page with this id; it is in index.html. @param {string} id @returns {any} */
export const find = (id) => document.getElementById(id);

/** @param {...string} paths @returns {SVGElement} */
export function icon(...paths) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const d of paths) svg.appendChild(document.createElementNS(namespace, "path")).setAttribute("d", d);
  return svg;
}

/** A polite word to a screen reader. @param {string} text */
export function announce(text) {
  const region = find("announcer");
  // The same text twice in a row would be read once.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}
