// Keys of the moderation queue. Comfort only: everything works without this file.
"use strict";

const form = document.querySelector("form[data-queue]");
const keys = document.querySelector(".queue-keys");
if (form && keys) {
  keys.hidden = false;
  const items = [...form.querySelectorAll("ol.posts > li")];
  const present = () => items.find((item) => item.contains(document.activeElement));
  const go = (step) => {
    const at = items.indexOf(present());
    const next = items[at < 0 ? 0 : at + step];
    if (next) next.focus();
  };
  const press = (verb) => {
    const button = present()?.querySelector(`button[value^="${verb}:"]`);
    if (button) button.click();
  };
  const actions = {
    j: () => go(1),
    k: () => go(-1),
    x: () => present()?.querySelector("input[type=checkbox]")?.click(),
    o: () => present()?.querySelector("a[data-open]")?.click(),
    a: () => press("accept"),
    d: () => press("discard"),
    r: () => {
      const reason = present()?.querySelector("details:has(textarea)");
      if (!reason) return;
      reason.open = true;
      reason.querySelector("textarea").focus();
    },
    "?": () => {
      keys.open = !keys.open;
      keys.querySelector("summary").focus();
    },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("textarea, select, input:not([type=checkbox])");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
}
