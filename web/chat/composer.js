/** The field to write in. */
import { find } from "./dom.js";

const NEARLY_FULL = 200;

/** @param {{ changed: (text: string) => void, send: (text: string) => void, left: () => void }} on */
export function setUpComposer(on) {
  const [form, field] = [find("composer"), find("text")];
  const adapt = () => {
    fit(field);
    showSpace(field);
  };
  field.addEventListener("input", () => {
    adapt();
    on.changed(field.value);
  });
  field.addEventListener("blur", on.left);
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!sends(event)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    adapt();
    if (text) on.send(text);
    field.focus();
  });
}

/** Enter also accepts a suggestion of an input method; that is not sending. @param {KeyboardEvent} event */
const sends = ({ key, shiftKey, isComposing, keyCode }) => key === "Enter" && !shiftKey && !isComposing && keyCode !== 229;

/** As high as its text, up to what the style allows. @param {HTMLTextAreaElement} field */
function fit(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

/** @param {HTMLTextAreaElement} field */
function showSpace(field) {
  const left = field.maxLength - field.value.length;
  find("room-left").textContent = left > NEARLY_FULL ? "" : `${left} characters left`;
}
