// What is live on the pages. Everything here has a form or a link that does the same.
"use strict";

// ---- The wizard: lines of a search or a test that goes on, fields that follow a choice ----
//   data-live="URL"       lines that are asked for again until they are over; data-live-then is next
//   data-live-flag        a field that says that the script watches
//   data-without-live     is for those without script
//   data-when="NAME=A B"  is shown while the field of that name says A or B
(() => {
  const lines = document.querySelector("[data-live]");
  const look = () => {
    const asked = new XMLHttpRequest();
    asked.open("GET", lines.dataset.live);
    asked.setRequestHeader("x-inhaul-live", "1");
    // The browser makes a document of it that runs nothing.
    asked.responseType = "document";
    asked.onload = () => {
      const list = asked.response?.querySelector(".stages");
      const over = asked.getResponseHeader("x-inhaul-done") || asked.status !== 200 || !list;
      if (list) lines.replaceChildren(document.adoptNode(list));
      if (over) location.replace(lines.dataset.liveThen);
      else setTimeout(look, 300);
    };
    asked.onerror = () => setTimeout(look, 2000);
    asked.send();
  };
  for (const flag of document.querySelectorAll("[data-live-flag]")) flag.disabled = false;
  for (const other of document.querySelectorAll("[data-without-live]")) other.hidden = true;
  if (lines) look();

  for (const part of document.querySelectorAll("[data-when]")) {
    const form = part.closest("form");
    const [name, values] = part.dataset.when.split("=");
    const follow = () => {
      const chosen = form.elements[name];
      part.hidden = !values.split(" ").includes(chosen?.value);
    };
    form.addEventListener("change", follow);
    follow();
  }
})();
