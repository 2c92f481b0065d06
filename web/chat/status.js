/** The state of the connection: a word at the top, a banner above the field when there is something to know or to do. */
import { Ropeway } from "/ropeway.js";
import { announce, find } from "./dom.js";

/** A first connection that is there at once is not worth a banner. */
const PATIENCE = 1500;
const MEASURE = 5000;

/** @param {Ropeway} client */
export function showConnection(client) {
  const view = new ConnectionView();
  client.on("connecting", () => view.connecting());
  client.on("open", () => view.open());
  client.on("pong", ({ rtt }) => view.measured(rtt));
  client.on("close", (event) => (event.final ? view.ended(event) : view.waiting(event.retryIn ?? 0)));
  setInterval(() => document.hidden || client.check(), MEASURE);
  find("connect").addEventListener("click", () => client.connect());
  if (client.readyState === Ropeway.CONNECTING) view.connecting();
}

class ConnectionView {
  /** @type {any} */
  #timer;
  #wasOpen = false;
  #announced = "";

  connecting() {
    this.#state("connecting", "Connecting");
    const explain = () => this.#banner(this.#wasOpen ? "Connecting again" : "Connecting to the server", false);
    if (this.#wasOpen) explain();
    else this.#timer = setTimeout(explain, PATIENCE);
  }

  open() {
    this.#state("open", "Connected");
    find("banner").hidden = true;
    if (this.#wasOpen) this.#say("Connected again");
    this.#wasOpen = true;
  }

  /** @param {number} rtt */
  measured(rtt) {
    find("status-text").textContent = `Connected, ${rtt < 10 ? rtt.toFixed(1) : Math.round(rtt)} ms`;
  }

  /** @param {number} retryIn */
  waiting(retryIn) {
    this.#state("waiting", navigator.onLine ? "Connection lost" : "Offline");
    this.#say("The connection is lost. What you write is kept and sent later.");
    const until = performance.now() + retryIn;
    this.#countDown(until);
    this.#timer = setInterval(() => this.#countDown(until), 500);
  }

  /** @param {number} until */
  #countDown(until) {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    const when = seconds > 1 ? `Next attempt in ${seconds} s.` : "Trying again.";
    this.#banner(`The connection is lost. What you write is kept and sent later. ${when}`, true);
  }

  /** @param {{ code: number, reason: string }} event */
  ended({ code, reason }) {
    this.#state("ended", "Disconnected");
    const text = `The server ended the connection (${reason ? `${reason}, ` : ""}${code}).`;
    this.#say(text);
    this.#banner(text, true);
  }

  /** @param {string} name @param {string} text */
  #state(name, text) {
    clearTimeout(this.#timer);
    document.documentElement.dataset.connection = name;
    find("status-text").textContent = text;
  }

  /** @param {string} text @param {boolean} action whether connecting now would change anything */
  #banner(text, action) {
    // The button keeps the focus only if it stays in the page.
    if (!action && document.activeElement === find("connect")) find("text").focus();
    find("banner").hidden = false;
    find("banner-text").textContent = text;
    find("connect").hidden = !action;
  }

  /** Says a change once, not at each attempt. @param {string} text */
  #say(text) {
    if (text !== this.#announced) announce(text);
    this.#announced = text;
  }
}
