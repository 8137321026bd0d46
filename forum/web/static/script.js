// Comfort only: everything works without this file.
"use strict";

// Full dates in the reader's own time zone, where the account does not say one.
if (!document.documentElement.dataset.zone) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "full",
    timeStyle: "short",
  });
  for (const time of document.querySelectorAll("time[datetime][title]")) {
    time.title = format.format(new Date(time.dateTime));
  }
}

// What somebody writes is kept as a draft while they write, and its language recognised.
const PAUSE = 3000; // Milliseconds without a key.
for (const form of document.querySelectorAll("form[data-draft]")) {
  const status = form.querySelector("[data-draft-status]");
  const recognise = form.querySelector("select[name=language] option[value='']");
  const asked = recognise ? recognise.textContent : "";
  let timer;
  let leaving = false;
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  async function keep() {
    const fields = new FormData(form);
    fields.delete("attachments");
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        body: fields,
        headers: { Accept: "application/json" },
      });
      if (!answer.ok || leaving) return;
      const told = await answer.json();
      status.textContent = told.kept;
      if (recognise) recognise.textContent = told.language || asked;
    } catch {
      // No connection: the next key tries again.
    }
  }
}

// Files that are too large are told of before they are sent.
for (const box of document.querySelectorAll("[data-files-limit]")) {
  const told = box.querySelector("[data-files-told]");
  box.addEventListener("change", (event) => {
    let size = 0;
    for (const file of event.target.files) size += file.size;
    told.textContent = size > Number(box.dataset.filesLimit) ? told.dataset.filesTold : "";
  });
}

// The answer to a post begins with the words of it that are selected.
const SELECTED = "passerelle-selected";
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href*='parent='][href$='#answer']");
  const post = link && link.closest(".post");
  const selection = getSelection();
  if (!post || selection.isCollapsed || !post.contains(selection.anchorNode)) return;
  const parent = new URL(link.href).searchParams.get("parent");
  sessionStorage.setItem(SELECTED, JSON.stringify([parent, selection.toString()]));
});
const selected = JSON.parse(sessionStorage.getItem(SELECTED) || "null");
const answer = document.querySelector("#answer textarea[name=text]");
if (selected && answer && new URL(location).searchParams.get("parent") === selected[0]) {
  sessionStorage.removeItem(SELECTED);
  // Pages show French with no-break spaces; what is written has plain ones.
  const quoted = selected[1].replace(/[\u00a0\u202f]/g, " ").trim().replace(/^/gm, "> ").replace(/[ \t]+$/gm, "");
  answer.value = `${answer.value ? answer.value.trimEnd() + "\n\n" : ""}${quoted}\n\n`;
  // The browser goes to #answer once all is loaded, and takes the focus with it.
  addEventListener("load", () =>
    setTimeout(() => {
      answer.focus();
      answer.setSelectionRange(answer.value.length, answer.value.length);
    }),
  );
}
