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
