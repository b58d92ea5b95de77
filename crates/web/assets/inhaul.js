// What is live on the pages. Everything here has a form or a link that does the same without script.
//
// Markup asks for it by data attributes:
//   data-show            a password field that gets a "Show" tick
//   data-focus           gets the focus when the page opens
//   data-code            a form that takes the code behind the # of the address
//   data-time            a time whose words keep counting, in the reader's zone
//   data-follows="NAME"  a port that follows the security of that name, or the other way round
//   data-dialog="ID"     opens that <dialog>; data-close inside it closes it
//   data-copy="ID"       copies that element's text
//   data-keys            opens the list of keys
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

/* An element of ours: text is text, whoever wrote it. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/* HTML becomes nodes only here, and only HTML that this server rendered. */
const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("inhaul", { createHTML: (html) => html })
  : { createHTML: (html) => html };
function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  wake(template.content);
  return template.content;
}

/* For people who do not see the page. Starts, ends and sums only, never percentages. */
function say(text) {
  const said = one("#said");
  if (said) said.textContent = text;
}

// ---- Times ----

// What the server's clock is ahead of this one: its words and ours must agree.
const ahead = (Number(document.documentElement.dataset.now) || Date.now()) - Date.now();
const now = () => Date.now() + ahead;
const zoned = (options) => {
  const format = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options });
  return (at) => format.format(at);
};
const clock = zoned({ hour: "2-digit", minute: "2-digit" });
const seconds = zoned({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const weekday = zoned({ weekday: "short" });
const date = zoned({ day: "numeric", month: "short" });
const dateOfYear = zoned({ day: "numeric", month: "short", year: "numeric" });
const longDate = zoned({ day: "numeric", month: "long" });
const longDateOfYear = zoned({ day: "numeric", month: "long", year: "numeric" });
const full = zoned({ weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/* "4 min", rounded down for what has passed and up for what is to be waited. */
function span(millis, round) {
  const whole = round(millis / 1000);
  const [size] = units.find(([size]) => whole >= size) || [1];
  const rounded = round(whole / size) * size;
  const [unit, name] = units.find(([unit]) => rounded >= unit) || [1, "s"];
  return `${Math.max(round === Math.ceil ? 1 : 0, rounded / unit)} ${name}`;
}

const sameYear = (at) => at.getFullYear() === new Date(now()).getFullYear();
const shortDay = (at) => (sameYear(at) ? date(at) : dateOfYear(at));
const words = {
  ago(at) {
    const passed = now() - at;
    if (passed < 5000) return "now";
    return passed < 30 * 86400e3 ? `${span(passed, Math.floor)} ago` : shortDay(at);
  },
  until: (at) => (at > now() ? `in ${span(at - now(), Math.ceil)}` : "now"),
  at(at) {
    const today = new Date(now());
    if (at.toDateString() === today.toDateString()) return clock(at);
    return Math.abs(today - at) < 6 * 86400e3 ? `${weekday(at)} ${clock(at)}` : shortDay(at);
  },
  day: (at) => (sameYear(at) ? longDate(at) : longDateOfYear(at)),
  exact(at) {
    const two = (number) => String(number).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${seconds(at)}`;
  },
  clock,
  weekday,
  date,
};

function tellTimes(root = document) {
  for (const element of all("time[data-time]", root)) {
    const at = new Date(element.dateTime);
    const say = words[element.dataset.time];
    if (!say || Number.isNaN(at.getTime())) continue;
    const text = say(at);
    if (element.textContent !== text) element.textContent = text;
    if (!element.dataset.told) {
      element.title = full(at);
      element.dataset.told = "";
    }
  }
}
setInterval(() => document.hidden || tellTimes(), 5000);
document.addEventListener("visibilitychange", () => document.hidden || tellTimes());

// ---- Forms ----

function addShow(input) {
  const tick = make("input", { type: "checkbox" });
  tick.addEventListener("change", () => {
    input.type = tick.checked ? "text" : "password";
  });
  // Whoever keeps passwords for the reader looks for a password field.
  input.form?.addEventListener("submit", () => {
    input.type = "password";
    tick.checked = false;
  });
  input.after(make("label", { class: "tick show" }, tick, "Show"));
}

/* The code of a link never leaves the browser but by this form, and not in the history either. */
function takeCode(form) {
  const input = form.elements.namedItem("code");
  const code = location.hash.slice(1);
  if (code) {
    input.value = code;
    history.replaceState(null, "", location.pathname + location.search);
  }
  const hasCode = input.value !== "" && !input.hasAttribute("aria-invalid");
  for (const element of all("[data-without-code]", form)) element.hidden = hasCode;
}

/* Port and security follow each other, as long as the port is one of the two usual ones. */
function follow(field) {
  const { form } = field;
  const ports = { tls: "995", starttls: "110", none: "110" };
  const changed = (event) => {
    if (event.target.name !== field.dataset.follows) return;
    const given = event.target.value;
    let value;
    if (ports[given]) value = ["", "110", "995"].includes(field.value) ? ports[given] : field.value;
    else if (given === "995") value = "tls";
    else if (given === "110" && field.value === "tls") value = "starttls";
    if (!value || value === field.value) return;
    field.value = value;
    const shown = field.selectedOptions?.[0]?.textContent.trim() ?? value;
    const note = make("span", { class: "changed" }, `changed to ${shown}`);
    field.after(note);
    say(`${field.labels?.[0]?.textContent.trim() ?? field.name} changed to ${shown}`);
    setTimeout(() => note.remove(), 3000);
  };
  form.addEventListener("change", changed);
}

// ---- Dialogs, menus, copies ----

/* The focus goes back to where it was. */
function openDialog(dialog) {
  const before = document.activeElement;
  dialog.addEventListener("close", () => before?.focus(), { once: true });
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const at = event.target;
  for (const menu of all("details.menu[open]")) {
    if (!menu.contains(at)) menu.open = false;
  }
  const opener = at.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    openDialog(dialog);
  }
  // A click beside a dialog is a click on its backdrop, which is the dialog itself.
  if (at.closest("[data-close]") || (at.localName === "dialog" && isBeside(at, event))) {
    at.closest("dialog")?.close();
  }
  const copier = at.closest("[data-copy]");
  if (copier) {
    const text = document.getElementById(copier.dataset.copy)?.textContent ?? "";
    navigator.clipboard.writeText(text).then(() => say("Copied."), () => say("The browser did not allow copying."));
  }
  if (at.closest("[data-keys]")) showKeys();
});

function isBeside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details.menu[open]")) {
    menu.open = false;
    if (menu.contains(document.activeElement)) one("summary", menu).focus();
  }
});

// ---- Keys ----

const press = (selector) => () => one(selector)?.click();
const go = (path, only = () => true) => () => only() && location.assign(path);
const manages = () => one('a[href="/manage"]');
const keys = {
  j: ["Next row", () => step(1)],
  n: ["", () => step(1)],
  k: ["Row before", () => step(-1)],
  p: ["", () => step(-1)],
  x: ["Select the row", () => one("input[type=checkbox]", row())?.click()],
  "/": ["Search", () => one("input[type=search]")?.focus()],
  "[": ["Newer page", press("a[rel=prev]")],
  "]": ["Older page", press("a[rel=next]")],
  R: ["Check mail", press(".check button")],
  "+": ["Add a mailbox, on Retrievals", press('main a[href^="/retrievals/add"]')],
  "g i": ["Inbox", go("/")],
  "g r": ["Retrievals", go("/retrievals")],
  "g m": ["Manage", go("/manage", manages)],
  "g l": ["Log", go("/manage/log", manages)],
  "?": ["This list", () => showKeys()],
};

const rows = () => all("main .rows > *, main .messages > *, main .table tbody tr").filter((row) => one("a[href]", row));
const row = () => document.activeElement?.closest(".rows > *, .messages > *, .table tbody tr") ?? document.createElement("p");
function step(by) {
  const list = rows();
  const at = list.indexOf(row());
  const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by;
  one("a[href]", list[next] ?? document.createElement("p"))?.focus();
}

let first = "";
document.addEventListener("keydown", (event) => {
  if (!("shortcuts" in document.documentElement.dataset)) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  const key = first ? `${first} ${event.key}` : event.key;
  first = "";
  if (key === "g") {
    // The second key of a sequence comes within a second.
    first = "g";
    setTimeout(() => (first = ""), 1000);
    return;
  }
  if (!Object.hasOwn(keys, key)) return;
  event.preventDefault();
  keys[key][1]();
});

function showKeys() {
  const list = make("dl", { class: "keys" });
  for (const [key, [what]] of Object.entries(keys)) {
    if (!what || (/^g [ml]$/.test(key) && !manages())) continue;
    const shown = key.split(" ").flatMap((part) => [make("kbd", {}, part), " "]);
    list.append(make("dt", {}, ...shown), make("dd", {}, what));
  }
  const off = "shortcuts" in document.documentElement.dataset ? "" : "Single-key shortcuts are off. ";
  const note = make("p", { class: "muted" }, off, make("a", { href: "/preferences" }, "Preferences"), " switch them on or off.");
  const close = make("button", { type: "button", "data-close": true, autofocus: true }, "Close");
  const dialog = make("dialog", { "aria-labelledby": "keys-title" }, make("h2", { id: "keys-title" }, "Keys"), list, note, close);
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  openDialog(dialog);
}

// ---- Start ----

/* Whatever came into the page is made live, once. */
function wake(root = document) {
  all("[data-show]", root).forEach(addShow);
  all("form[data-code]", root).forEach(takeCode);
  all("[data-follows]", root).forEach(follow);
  for (const button of all("[data-copy][hidden], [data-keys][hidden]", root)) button.hidden = false;
  tellTimes(root);
}
wake();
one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
one("[data-focus]")?.focus();
addEventListener("hashchange", () => all("form[data-code]").forEach(takeCode));

// The dock

// The retrievals

/* While something is being checked, rows that say something else now are swapped. One that holds the
   focus or an open menu stays as it is. */
async function refreshRetrievals(list) {
  const response = await fetch(list.dataset.rows, { headers: { "x-inhaul-live": "1" } });
  if (!response.ok || response.redirected) return;
  const fresh = one("ul", fragment(await response.text()));
  const present = one("ul", list);
  present.toggleAttribute("data-live", fresh.hasAttribute("data-live"));
  for (const row of [...fresh.children]) {
    const old = document.getElementById(row.id);
    if (!old || old.contains(document.activeElement) || one("details[open]", old)) continue;
    if (old.outerHTML !== row.outerHTML) old.replaceWith(row);
  }
}
setInterval(() => {
  const list = one("#retrievals");
  if (document.hidden || !list || !one("[data-live]", list)) return;
  refreshRetrievals(list).catch(() => {});
}, 5000);
