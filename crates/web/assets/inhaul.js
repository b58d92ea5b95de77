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
//   data-seen="URL"      a message that counts as read when it was there for a second
//   data-brief           goes by itself
//   data-mail="STATE"    a list of messages that stays true while it is open
//   data-in-place        a form whose answer takes the place of what is shown
//   data-message, data-list, data-starred   the message that is open, and where its list is
//   data-drop="FOLDER"   where messages can be dragged to
//   data-log="URL"       a button that follows the log
//   data-tick-all="NAME" a box that ticks all boxes of that name in its form
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

/* For people who do not see the page. Starts, ends and sums only, never percentages. Each is a paragraph
   of its own: none takes the place of one that is still being read. */
function say(text) {
  const said = one("#said");
  if (!said) return;
  said.append(make("p", {}, text));
  while (said.children.length > 20) said.firstElementChild.remove();
}

// ---- Times ----

// What the server's clock is ahead of this one: its words and ours must agree.
const ahead = (Number(document.documentElement.dataset.now) || Date.now()) - Date.now();
const now = () => Date.now() + ahead;
// What was chosen in the preferences, if this browser knows it; else its own.
const timeZone = (() => {
  const chosen = document.documentElement.dataset.timeZone || undefined;
  try {
    return chosen && new Intl.DateTimeFormat("en-GB", { timeZone: chosen }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
})();
const zoned = (options) => {
  const format = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", timeZone, ...options });
  return (at) => format.format(at);
};
const clock = zoned({ hour: "2-digit", minute: "2-digit" });
const seconds = zoned({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayMonthYear = zoned({ day: "2-digit", month: "2-digit", year: "numeric" });
const isoDay = (at) => dayMonthYear(at).split("/").reverse().join("-");
const year = zoned({ year: "numeric" });
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

const sameYear = (at) => year(at) === year(new Date(now()));
const isToday = (at) => isoDay(at) === isoDay(new Date(now()));
const shortDay = (at) => (sameYear(at) ? date(at) : dateOfYear(at));
const words = {
  ago(at) {
    const passed = now() - at;
    if (passed < 5000) return "now";
    return passed < 30 * 86400e3 ? `${span(passed, Math.floor)} ago` : shortDay(at);
  },
  until: (at) => (at > now() ? `in ${span(at - now(), Math.ceil)}` : "now"),
  at(at) {
    if (isToday(at)) return clock(at);
    return Math.abs(now() - at) < 6 * 86400e3 ? `${weekday(at)} ${clock(at)}` : shortDay(at);
  },
  day: (at) => (sameYear(at) ? longDate(at) : longDateOfYear(at)),
  moment(at) {
    if (isToday(at)) return seconds(at);
    const isNear = Math.abs(now() - at) < 6 * 86400e3;
    return `${isNear ? weekday(at) : shortDay(at)} ${clock(at)}`;
  },
  exact: (at) => `${isoDay(at)} ${seconds(at)}`,
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
  // Not where "Skip to the content" leads.
  if (code && !document.getElementById(code)) {
    input.value = code;
    history.replaceState(null, "", location.pathname + location.search);
  }
  const isWrong = input.hasAttribute("aria-invalid");
  const hasCode = input.value !== "" && !isWrong;
  // Whoever came without one gets it by its link: there is nothing to fill in before.
  for (const element of all("[data-without-code]", form)) element.hidden = hasCode || isWrong;
  for (const element of all("[data-with-code]", form)) element.hidden = !hasCode && !isWrong;
  const isTyped = isWrong || !one("[data-with-code]", form);
  for (const element of all("[data-type-code]", form)) element.hidden = hasCode || !isTyped;
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

/* The focus is not lost with a menu that held it. */
function closeMenu(menu) {
  const held = menu.contains(document.activeElement);
  menu.open = false;
  if (held) one("summary", menu).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details.menu[open]")) {
    closeMenu(menu);
    event.preventDefault();
  }
});

// Whoever goes on by keyboard leaves no menu open over what they come to.
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// ---- Keys ----

const press = (selector) => () => one(selector)?.click();
const go = (path, only = () => true) => () => only() && location.assign(path.call ? path() : path);
const manages = () => one('a[href="/manage"]');
const keys = {
  j: ["Next row", () => step(1)],
  n: ["", () => step(1)],
  k: ["Row before", () => step(-1)],
  p: ["", () => step(-1)],
  o: ["Open the row", () => one("a[href]", row())?.click()],
  u: ["Back to the list (or Esc)", () => back()],
  x: ["Select the row", () => one("input[type=checkbox]", row())?.click()],
  m: ["Read or unread", () => actOn(toggled("read", "unread", isUnread))],
  s: ["Star or no star", () => actOn(toggled("star", "unstar", (id) => !isStarred(id)))],
  "#": ["Delete", () => actOn(() => "delete")],
  z: ["Undo", press("[data-undo]")],
  "/": ["Search", () => one("input[type=search]")?.focus()],
  "[": ["Newer page", press("a[rel=prev]")],
  "]": ["Older page", press("a[rel=next]")],
  R: ["Check mail", press(".check button")],
  "+": ["Add a mailbox, on Retrievals", press('main a[href^="/retrievals/add"]')],
  "g i": ["Inbox", go("/")],
  "g s": ["Starred", go("/starred")],
  "g t": ["Trash", go(() => one("[data-trash]")?.href ?? "/")],
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
  for (const button of all("[data-copy][hidden], [data-keys][hidden], [data-tick-all][hidden]", root)) button.hidden = false;
  tellTimes(root);
}
wake();
// Sideways alone: the page stays where it is.
for (const here of all(".tabs [aria-current]")) {
  const tabs = here.closest(".tabs");
  tabs.scrollLeft = here.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
}
one("[data-focus]")?.focus();
addEventListener("hashchange", () => all("form[data-code]").forEach(takeCode));

// The dock
// "Check mail" with live progress. Without script the same forms lead to /check/ID. The words are the
// server's; here they are only shown. One stream for each tab, and polls where a proxy holds it back.
(() => {
  const forms = document.querySelectorAll("form[data-check]");
  if (forms.length === 0) return;
  const FIRST_EVENT = 3000; // ms without an event until we poll
  const BETWEEN_POLLS = 2000;
  const CLOSES_AFTER = 8000; // ms, after a good end
  const BLOCKED = "Live progress is blocked by a proxy. Refreshing every 2 seconds instead.";
  const HOW_TO_FIX = "/help/live-progress";
  const LIVE = { accept: "application/json", "x-inhaul-live": "1" };

  /** What is shown: the state as the server tells it, brought up to date by events. */
  let check = null;
  let dock = null; // the elements, while it is open
  let source = null;
  let timers = [];
  let isQuiet = false; // an opened Inbox began it: no dock, only the new messages
  let seen = new Set(); // messages that the page knows of

  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const later = (work, wait) => timers.push(setTimeout(work, wait));
  const tell = (text) => { if (!isQuiet) say(text); };
  const address = (tail) => `/api/v1/check/${check.check_id}${tail}`;

  const quiet = () => {
    if (source) source.close();
    source = null;
    timers.forEach(clearTimeout);
    timers = [];
    mail?.resume();
  };

  const has = (element) => element.contains(document.activeElement);

  /** The focus goes back to the button that opened it. */
  const close = () => {
    quiet();
    if (!dock) return;
    const held = has(dock.box);
    dock.box.remove();
    dock = null;
    if (held) forms[0].querySelector("button").focus();
  };

  /** Whoever is in it still reads it. */
  const closeWhenLeft = () => {
    if (dock && dock.box.matches(":hover, :focus-within")) later(closeWhenLeft, BETWEEN_POLLS);
    else close();
  };

  const fold = (isFolded) => {
    if (!dock) return;
    if (isFolded && has(dock.body)) dock.fold.focus();
    dock.body.hidden = isFolded;
    dock.box.classList.toggle("dock-folded", isFolded);
    dock.fold.textContent = isFolded ? "▴" : "_";
    dock.fold.setAttribute("aria-expanded", String(!isFolded));
  };

  const open = () => {
    if (dock || isQuiet) return;
    const box = make("section", "dock");
    box.setAttribute("aria-label", "Checking mail");
    const head = make("div", "dock-head");
    const title = make("p", "dock-title");
    const foldButton = make("button", "dock-fold quiet", "_");
    foldButton.type = "button";
    foldButton.setAttribute("aria-label", "Details");
    foldButton.addEventListener("click", () => fold(!dock.body.hidden));
    const closeButton = make("button", "dock-close quiet", "×");
    closeButton.type = "button";
    closeButton.setAttribute("aria-label", "Close");
    closeButton.addEventListener("click", close);
    head.append(title, foldButton, closeButton);
    const body = make("div", "dock-body");
    const note = make("p", "dock-note muted");
    note.hidden = true;
    const lines = make("ul", "dock-lines");
    const arrived = make("p", "dock-arrived");
    arrived.hidden = true;
    const stop = make("button", "dock-stop quiet", "Stop after this message");
    stop.type = "button";
    stop.addEventListener("click", () => {
      // Not "disabled", which would take the focus away.
      if (stop.getAttribute("aria-disabled")) return;
      stop.setAttribute("aria-disabled", "true");
      fetch(`/check/${check.check_id}/stop`, { method: "POST", headers: { accept: LIVE.accept } });
    });
    const add = make("a", "button dock-add", "Add a mailbox");
    add.href = "/retrievals/add";
    add.hidden = true;
    body.append(note, lines, arrived, stop, add);
    box.append(head, body);
    // At the end of the page: neither the list nor the focus moves.
    document.body.append(box);
    dock = { box, body, title, fold: foldButton, close: closeButton, note, lines, arrived, stop, add, rows: new Map() };
    fold(false);
  };

  const note = (text, ...more) => {
    if (!dock) return;
    dock.note.replaceChildren(text, ...more);
    dock.note.hidden = !text;
  };

  const noteBlocked = () => {
    const fix = make("a", "", "How to fix");
    fix.href = HOW_TO_FIX;
    note(`${BLOCKED} `, fix);
  };

  const wordsOf = (line) => {
    if (line.stage !== "rest") return line.words;
    const seconds = Math.max(0, Math.ceil((Date.parse(line.next) - Date.now()) / 1000));
    return `Next try in ${seconds} s`;
  };

  const drawLine = (line) => {
    let row = dock.rows.get(line.retrieval);
    if (!row) {
      const item = make("li");
      const sign = make("span", "dock-sign");
      sign.setAttribute("aria-hidden", "true");
      const words = make("span", "dock-words");
      const progress = make("progress");
      progress.setAttribute("aria-label", line.retrieval);
      const fix = make("a", "dock-fix", "Fix it");
      fix.setAttribute("aria-label", `Fix it: ${line.retrieval}`);
      item.append(sign, " ", make("span", "dock-name", line.retrieval), " ", words, " ", fix, progress);
      dock.lines.append(item);
      row = { sign, words, progress, fix };
      dock.rows.set(line.retrieval, row);
    }
    row.sign.textContent = line.sign || "◐";
    row.sign.className = `dock-sign dock-${line.result || "going"}`;
    const words = wordsOf(line);
    if (row.words.textContent !== words) row.words.textContent = words;
    row.fix.hidden = !line.fix;
    if (line.fix) row.fix.href = line.fix;
    row.progress.hidden = !(line.of > 0 && !line.result);
    if (!row.progress.hidden) {
      row.progress.max = line.of;
      row.progress.value = line.n;
    }
  };

  const clock = (moment) =>
    new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", timeZone });

  const draw = () => {
    if (!dock || !check) return;
    const summary = check.summary;
    const waits = check.until && !summary;
    let title = summary ? summary.words : check.title;
    if (waits) title = `Waiting for a message. Stops at ${clock(check.until)}.`;
    if (dock.title.textContent !== title) dock.title.textContent = title;
    check.retrievals.forEach(drawLine);
    dock.stop.textContent = check.until ? "Stop waiting" : "Stop after this message";
    if (summary && has(dock.stop)) dock.close.focus();
    dock.stop.hidden = Boolean(summary);
    dock.add.hidden = !(summary && check.retrievals.length === 0);
    const first = check.until && check.messages[0];
    dock.arrived.hidden = !first;
    if (first && !dock.arrived.firstChild) {
      const link = make("a", "button", "Open");
      link.href = first.open;
      dock.arrived.append(link);
    }
  };

  /** New messages in an open list. Whoever pressed the button looks at it: it stays where it is. */
  const tellNews = (messages) => {
    const fresh = messages.filter((message) => !seen.has(message.id));
    fresh.forEach((message) => seen.add(message.id));
    if (fresh.length > 0) mail?.refresh({ isStill: !isQuiet });
  };

  const ended = () => {
    quiet();
    note("");
    draw();
    tell(check.summary.words);
    if (check.summary.good) later(closeWhenLeft, CLOSES_AFTER);
  };

  /** Says once that a mailbox is done: a stream begins with what was told before. */
  const tellDone = (line, before) => {
    if (line.result && !(before && before.result)) tell(`${line.retrieval}: ${line.words}`);
  };

  const update = (line) => {
    const at = check.retrievals.findIndex((one) => one.retrieval === line.retrieval);
    tellDone(line, check.retrievals[at]);
    if (at < 0) check.retrievals.push(line);
    else check.retrievals[at] = line;
    draw();
  };

  const poll = async () => {
    try {
      const response = await fetch(address(""), { headers: LIVE });
      // Signed out, or forgotten. What else a proxy answers will pass.
      if ([401, 403, 404].includes(response.status)) return close();
      if (!response.ok) throw response;
      const before = check;
      check = await response.json();
      tellNews(check.messages);
      for (const line of check.retrievals) {
        tellDone(line, before.retrievals.find((one) => one.retrieval === line.retrieval));
      }
      if (check.summary) return ended();
      draw();
    } catch {
      // The server is away for a moment, or the page is being left.
    }
    later(poll, BETWEEN_POLLS);
  };

  const listen = () => {
    let isHeard = false;
    // One stream for each tab.
    mail?.pause();
    const hears = (name, work) =>
      source.addEventListener(name, (event) => {
        isHeard = true;
        work(JSON.parse(event.data));
      });
    source = new EventSource(address("/events"));
    hears("progress", update);
    hears("message", (message) => {
      if (!seen.has(message.id)) check.messages.push(message);
      tellNews([message]);
    });
    hears("done", update);
    hears("summary", (summary) => {
      check.summary = summary;
      ended();
    });
    const pollInstead = () => {
      source.close();
      source = null;
      if (!isHeard) noteBlocked();
      poll();
    };
    // A line that is cut comes back by itself; one that is refused does not.
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) pollInstead();
    });
    later(() => { if (source && !isHeard) pollInstead(); }, FIRST_EVENT);
  };

  /** `isNew`: somebody has just begun it, and is told so. */
  const follow = (state, isNew) => {
    close();
    check = state;
    isQuiet = state.activation === "folder";
    state.messages.forEach((message) => seen.add(message.id));
    open();
    draw();
    if (state.words) note(state.words);
    if (state.summary) return ended();
    if (isNew) tell(state.words || state.title);
    sessionStorage.told = check.check_id;
    listen();
    if (state.until) {
      const tick = () => { draw(); later(tick, 1000); };
      later(tick, 1000);
    }
  };

  const press = async (form) => {
    try {
      const headers = { accept: "application/json" };
      const response = await fetch(form.action, { method: "POST", headers });
      if (response.redirected || !response.ok) return form.submit();
      follow(await response.json(), true);
    } catch {
      form.submit();
    }
  };

  forms.forEach((form) =>
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const menu = form.closest("details");
      if (menu) closeMenu(menu);
      press(form);
    }));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("dialog")) fold(true);
  });

  const join = async (path) => {
    try {
      const response = await fetch(path, { headers: LIVE });
      if (!response.ok || response.redirected) return;
      const state = await response.json();
      // A sign-in began it a moment ago, and nobody was told yet.
      if (state.check_id && !check) follow(state, sessionStorage.told !== state.check_id);
    } catch {
      // There is nothing to join, then.
    }
  };

  const going = forms[0].dataset.check;
  // The check's own page shows it already: it is asked for again, as without script, and the focus stays.
  const shown = document.querySelector("[data-check-page]");
  const refresh = async () => {
    try {
      const response = await fetch(window.location.href, { headers: { "x-inhaul-live": "1" } });
      const page = fragment(await response.text()).querySelector("[data-check-page]");
      if (!page) return window.location.reload();
      for (const part of ["h1", ".dock-lines"]) shown.querySelector(part).replaceWith(page.querySelector(part));
    } catch {
      // The server is away for a moment.
    }
    setTimeout(refresh, BETWEEN_POLLS);
  };
  if (shown) {
    setTimeout(refresh, BETWEEN_POLLS);
    return;
  }
  if (going) join(`/api/v1/check/${going}`);
  // Opening the Inbox began a check a moment ago.
  else if (window.location.pathname === "/") setTimeout(() => join("/api/v1/check/current"), 300);
})();
// End of the dock

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

// ---- The log ----
//   data-log="URL"   a button that follows the log behind the line data-last, into data-log-lines
//   data-poll="URL"  where it asks instead, every 2 seconds, if a proxy holds the stream back

function followLog(button) {
  const FIRST_EVENT = 3000; // ms without an event until we poll
  const BETWEEN_POLLS = 2000;
  const HELD = "A proxy holds the live log back. Refreshing every 2 seconds instead.";
  const ENDED = "The log is not followed any more. Press Refresh.";
  const lines = one("[data-log-lines]");
  const told = one("[data-log-said]");
  let last = button.dataset.last;
  let source = null;
  let timer = 0;
  let isOn = false;
  let waiting = [];
  let missed = 0;
  let isHeld = false;
  let before = "";
  const count = (number) => `${number} line${number === 1 ? "" : "s"}`;
  const isAtTop = () => lines.getBoundingClientRect().top > 0;

  /* The newest line is at the top: whoever reads further down is not disturbed. */
  function show() {
    if (isAtTop() && waiting.length) {
      lines.prepend(...waiting.splice(0).reverse());
      while (lines.children.length > 1000) lines.lastElementChild.remove();
    }
    const since = waiting.length ? ` ${count(waiting.length)} since you scrolled.` : "";
    const gap = missed ? ` ${Number.isFinite(missed) ? count(missed) : "Some lines"} went by too fast.` : "";
    tell(isOn ? `Following.${since}${gap}${isHeld ? ` ${HELD}` : ""}` : "");
  }
  function tell(words) {
    if (words === before) return;
    before = words;
    told.textContent = words;
    if (words.endsWith(HELD)) told.append(" ", make("a", { href: "/help/live-progress" }, "How to fix"));
  }
  function add(html) {
    waiting.push(fragment(html));
    if (waiting.length > 2000) missed += waiting.splice(0, 1000).length;
  }
  function quiet() {
    source?.close();
    source = null;
    clearTimeout(timer);
  }
  function stop(why = "") {
    quiet();
    isOn = false;
    button.setAttribute("aria-pressed", "false");
    show();
    if (why) tell(why);
  }
  const address = (place) => {
    const url = new URL(place, location.href);
    url.searchParams.set("after", last);
    return url;
  };
  async function poll() {
    try {
      const response = await fetch(address(button.dataset.poll));
      if (!isOn) return;
      if (!response.ok || response.redirected) return stop(ENDED);
      const news = await response.json();
      last = String(news.last);
      news.lines.forEach(add);
      if (news.missed) missed = Infinity;
      show();
    } catch {
      // The server is away for a moment, or the page is being left.
    }
    if (isOn) timer = setTimeout(poll, BETWEEN_POLLS);
  }
  function listen() {
    source = new EventSource(address(button.dataset.log));
    source.addEventListener("hello", () => clearTimeout(timer));
    source.addEventListener("line", (event) => {
      clearTimeout(timer);
      last = event.lastEventId || last;
      add(JSON.parse(event.data).html);
      show();
    });
    source.addEventListener("missed", (event) => {
      missed += Number(event.data);
      show();
    });
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) stop(ENDED);
    });
    timer = setTimeout(() => {
      quiet();
      isHeld = true;
      show();
      poll();
    }, FIRST_EVENT);
  }
  function start() {
    isOn = true;
    button.setAttribute("aria-pressed", "true");
    show();
    if (isHeld) poll();
    else listen();
  }
  button.hidden = false;
  button.addEventListener("click", () => (isOn ? stop() : start()));
  addEventListener("scroll", show, { passive: true });
  // A page that nobody sees takes no connection.
  document.addEventListener("visibilitychange", () => {
    if (!isOn && button.dataset.paused !== undefined) {
      delete button.dataset.paused;
      start();
    } else if (isOn && document.hidden) {
      button.dataset.paused = "";
      stop();
    }
  });
}
all("[data-log]").forEach(followLog);
// Times are told in the reader's zone, so its heading is, too.
for (const zone of all("[data-zone]")) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone, timeZoneName: "short" }).formatToParts(new Date());
  zone.textContent = `(${parts.find((part) => part.type === "timeZoneName")?.value ?? "your time"})`;
}

// ---- Ticks ----

document.addEventListener("change", ({ target }) => {
  const label = target.form && one("[data-tick-all]", target.form);
  if (!label) return;
  const box = one("input", label);
  const boxes = all(`input[name="${label.dataset.tickAll}"]`, target.form);
  if (target === box) return boxes.forEach((one) => (one.checked = box.checked));
  const ticked = boxes.filter((one) => one.checked).length;
  box.checked = ticked === boxes.length;
  box.indeterminate = ticked > 0 && !box.checked;
});

// ---- What is said in a run ----
//   data-said="URL"   a button that shows in #conversation what is said, as it is said

function followSaid(button) {
  const FIRST_WORD = 3000; // ms without a word until we ask by ourselves
  const BETWEEN_POLLS = 2000;
  const BLOCKED = "Live progress is blocked by a proxy. Refreshing every 2 seconds instead. ";
  const text = document.getElementById("conversation");
  const run = one("[data-said-run]");
  const told = one("[data-said-told]");
  let source = null;
  let timer = 0;
  let isOn = false;

  function show(said) {
    if (!isOn || !said) return;
    // Whoever reads further up is not disturbed.
    const isAtEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
    text.textContent = said.text || "Nothing was said yet.";
    if (isAtEnd) text.scrollTop = text.scrollHeight;
    run.hidden = false;
    run.href = run.dataset.saidRun + said.run;
    run.textContent = `run ${said.run}`;
    if (source) tell(said.goes_on ? "Following." : "Following. The next run is shown as it goes.");
  }
  function tell(words) {
    told.hidden = words === "";
    if (told.textContent !== words) told.textContent = words;
  }
  async function poll() {
    try {
      const headers = { accept: "application/json", "x-inhaul-live": "1" };
      const response = await fetch(button.dataset.said, { headers });
      if (!response.ok || response.redirected) return stop("It is not followed any more. Reload the page.");
      show(await response.json());
    } catch {
      // The server is away for a moment, or the page is being left.
    }
    if (isOn) timer = setTimeout(poll, BETWEEN_POLLS);
  }
  function stop(words = "") {
    isOn = false;
    source?.close();
    source = null;
    clearTimeout(timer);
    button.setAttribute("aria-pressed", "false");
    tell(words);
  }
  function start() {
    isOn = true;
    button.setAttribute("aria-pressed", "true");
    tell("Following.");
    source = new EventSource(button.dataset.said);
    source.addEventListener("here", () => clearTimeout(timer));
    source.addEventListener("said", (event) => show(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) stop("It is not followed any more. Reload the page.");
    });
    timer = setTimeout(() => {
      source?.close();
      source = null;
      tell(BLOCKED);
      told.append(make("a", { href: "/help/live-progress" }, "How to fix"));
      poll();
    }, FIRST_WORD);
  }
  button.hidden = false;
  button.addEventListener("click", () => (isOn ? stop() : start()));
  // A page that nobody sees takes no connection.
  document.addEventListener("visibilitychange", () => {
    if (isOn && document.hidden) {
      stop();
      button.dataset.paused = "";
    } else if (!document.hidden && "paused" in button.dataset) {
      delete button.dataset.paused;
      start();
    }
  });
}
all("[data-said]").forEach(followSaid);

// The retrievals

/* While something is being checked, rows that say something else now are swapped. One that holds the
   focus or an open menu stays as it is. */
async function refreshRetrievals(list) {
  const response = await fetch(list.dataset.rows, { headers: { "x-inhaul-live": "1" } });
  if (!response.ok || response.redirected) return;
  const fresh = one("ul", fragment(await response.text()));
  const present = one("ul", list);
  present.toggleAttribute("data-checking", fresh.hasAttribute("data-checking"));
  for (const row of [...fresh.children]) {
    const old = document.getElementById(row.id);
    if (!old || old.contains(document.activeElement) || one("details[open]", old)) continue;
    if (old.outerHTML !== row.outerHTML) old.replaceWith(row);
  }
}
setInterval(() => {
  const list = one("#retrievals");
  if (document.hidden || !list || !one("[data-checking]", list)) return;
  refreshRetrievals(list).catch(() => {});
}, 5000);

// ---- Mail ----

/* Makes a part of the page what the server says now, node by node: the focus, ticks, open menus and
   frames stay where nothing changed. Rows are known by their id. */
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) {
    const isOpen = name === "open" && old.localName === "details";
    if (!isOpen && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const children = [...fresh.childNodes];
  const wanted = new Set(children.map((child) => child.id).filter(Boolean));
  for (const child of [...old.children]) if (child.id && !wanted.has(child.id)) child.remove();
  const known = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = old.firstChild;
  for (const child of children) {
    const same = child.id ? known.get(child.id) : at && !at.id && at.nodeName === child.nodeName && at;
    while (same && child.id && at && at !== same && !at.id) at = removed(at);
    if (same && same === at) at = at.nextSibling;
    else old.insertBefore(same || child, at);
    if (same) morph(same, child);
  }
  while (at) at = removed(at);
}

/* What stood behind it. */
function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/* "Undo" is there for ten seconds; what holds the focus or the mouse stays. */
let briefly = 0;
function endBrief() {
  const brief = one("[data-brief]");
  const end = () => {
    if (brief.matches(":hover, :focus-within")) briefly = setTimeout(end, 2000);
    else brief.remove();
  };
  clearTimeout(briefly);
  if (brief) briefly = setTimeout(end, 10_000);
}
endBrief();

/* Sends a form and shows what comes back, without leaving the page. */
async function send(address, fields) {
  const list = rows();
  const open = one("[data-message]");
  const opened = open && document.getElementById(`m${open.dataset.message}`);
  const at = list.indexOf(one("a[href]", row()) ? row() : opened);
  const response = await fetch(address, { method: "POST", body: fields });
  const page = fragment(await response.text());
  // Signed out, for instance. What was refused says why, in the place of the list.
  if (response.ok ? !one("[data-mail]", page) : !one("#main", page)) return location.assign(response.ok ? response.url : "/");
  morph(one("#main"), one("#main", page));
  for (const part of [".here", ".folder-sheet"]) morphPart(part, page);
  document.title = one("title", page).textContent;
  if (!response.ok) return one("#main").focus();
  mail?.knows(one("[data-mail]").dataset.mail);
  if (response.url !== location.href) history.replaceState(null, "", response.url);
  for (const box of all(".list input[type=checkbox]")) box.checked = box.indeterminate = false;
  endBrief();
  const done = one("[data-brief] p");
  if (done) say(done.textContent);
  // What held the focus is gone or hidden.
  if (!document.activeElement?.checkVisibility?.() || document.activeElement === document.body) {
    const next = rows()[Math.min(Math.max(at, 0), rows().length - 1)];
    (next ? one("a[href]", next) : one("#main")).focus({ preventScroll: true });
  }
}

function morphPart(part, page) {
  const [old, fresh] = [one(part), one(part, page)];
  if (old && fresh) morph(old, fresh);
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-in-place]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  const menu = (event.submitter ?? form).closest("details.menu[open]");
  if (menu) closeMenu(menu);
  send(form.action, fields).catch(() => location.reload());
});
// A tick is no answer: Enter in a box presses nothing.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.(".list input[type=checkbox]")) event.preventDefault();
});

// What keys act on: what is ticked, else the row with the focus, else the message that is open.
const openMessage = () => one("[data-message]");
const isOpenMessage = (id) => openMessage()?.dataset.message === id;
const link = (id) => one(`#m${id} .message`);
const isUnread = (id) => Boolean(isOpenMessage(id) ? openMessage().dataset.seen : link(id)?.classList.contains("unread"));
const isStarred = (id) => isOpenMessage(id) ? "starred" in openMessage().dataset : Boolean(link(id) && one(".star", link(id)));
const toggled = (on, off, isOn) => (ids) => (ids.some(isOn) ? on : off);
function actOn(choose) {
  const ticked = all(".messages input:checked").map((box) => box.value);
  const focused = document.activeElement?.closest(".messages > li")?.id.slice(1);
  const open = openMessage();
  let ids = ticked;
  if (ids.length === 0 && focused) ids = [focused];
  if (ids.length === 0 && open) ids = [open.dataset.message];
  if (ids.length === 0) return;
  const what = choose(ids);
  const leaves = ["delete", "unread"].includes(what) && ids.some(isOpenMessage);
  post(what, ids, leaves ? open.dataset.list : location.pathname + location.search);
}
function post(what, ids, to, more = {}) {
  const fields = new URLSearchParams({ do: what, to, ...more });
  for (const id of ids) fields.append("message", id);
  send("/mail/act", fields).catch(() => location.reload());
}

/* Back to the list, and there to the row of the message that was open. */
function back() {
  const open = openMessage();
  if (!open) return;
  sessionStorage.backTo = `m${open.dataset.message}`;
  location.assign(open.dataset.list);
}
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-back]")) sessionStorage.backTo = `m${openMessage().dataset.message}`;
});
document.addEventListener("keydown", (event) => {
  const isFree = !event.defaultPrevented && !event.target.closest("input, textarea, select, dialog, .dock");
  if (event.key === "Escape" && isFree && "shortcuts" in document.documentElement.dataset) back();
});
if (sessionStorage.backTo) {
  if (!openMessage()) one(`#${CSS.escape(sessionStorage.backTo)} a`)?.focus();
  sessionStorage.removeItem("backTo");
}

// Rows are dragged to folders; what is ticked goes with them.
document.addEventListener("dragstart", (event) => {
  const dragged = event.target.closest?.(".messages > li");
  if (!dragged) return;
  const ticked = all(".messages input:checked").map((box) => box.value);
  const id = dragged.id.slice(1);
  event.dataTransfer.setData("application/x-inhaul", (ticked.includes(id) ? ticked : [id]).join(" "));
  event.dataTransfer.effectAllowed = "move";
});
const dropping = (event) => event.dataTransfer.types.includes("application/x-inhaul") && event.target.closest?.("[data-drop]");
document.addEventListener("dragover", (event) => {
  const folder = dropping(event);
  for (const other of all(".drop")) if (other !== folder) other.classList.remove("drop");
  if (!folder) return;
  event.preventDefault();
  folder.classList.add("drop");
});
document.addEventListener("dragend", () => all(".drop").forEach((folder) => folder.classList.remove("drop")));
document.addEventListener("drop", (event) => {
  const folder = dropping(event);
  if (!folder) return;
  event.preventDefault();
  folder.classList.remove("drop");
  const ids = event.dataTransfer.getData("application/x-inhaul").split(" ");
  const to = ids.some(isOpenMessage) ? openMessage().dataset.list : location.pathname + location.search;
  post("move", ids, to, { folder: folder.dataset.drop });
});

// Keys are not heard while a message's own document has the focus.
const paused = (isPaused) => {
  const note = one("[data-paused]");
  if (note) note.hidden = !isPaused;
};
addEventListener("blur", () => setTimeout(() => paused(document.activeElement?.matches("iframe.letter"))));
addEventListener("focus", () => paused(false));

/* Keeps a list true. New rows come in on top while nobody is at the list and its top is in sight; else
   they wait behind a note, and nothing moves. */
const mail = one("[data-mail]") && (() => {
  const FIRST_EVENT = 3000; // ms without an event until we poll
  const BETWEEN_POLLS = 2000;
  const TOGETHER = 100; // ms in which more may come
  let state = one("[data-mail]").dataset.mail;
  let source = null;
  let timer = 0;
  let refreshing = 0;
  let isPaused = false;
  let isHeld = false; // a proxy holds the stream back

  const form = (root) => one(".list > form[action='/mail/act']", root);
  const ids = (root) => all(".messages > li", root).map((row) => row.id);
  const address = () => openMessage()?.dataset.list ?? location.href;

  const fetchPage = async () => {
    const response = await fetch(address(), { headers: { "x-inhaul-live": "1" } });
    if (!response.ok || response.redirected) throw response;
    return fragment(await response.text());
  };

  const put = (page) => {
    const open = openMessage();
    if (open) one(`#m${open.dataset.message} .message`, form(page))?.setAttribute("aria-current", "true");
    one(".dock-pill")?.remove();
    morph(form(), form(page));
  };

  const note = (page, count) => {
    let pill = one(".dock-pill > a");
    if (!pill) {
      // Without height, so that the list stays where it is.
      pill = make("a", { href: address() });
      one(".list").prepend(make("p", { class: "dock-pill" }, pill));
    }
    pill.textContent = `${count}${count < 50 ? "" : "+"} new message${count === 1 ? "" : "s"}`;
    pill.onclick = (event) => {
      event.preventDefault();
      put(page);
      scrollTo(0, 0);
      one(".messages a")?.focus();
    };
  };

  const look = async (isStill) => {
    const page = await fetchPage();
    for (const part of [".folders", ".folder-sheet", ".here"]) morphPart(part, page);
    if (!openMessage()) document.title = one("title", page).textContent;
    // Another page of it has no new messages.
    if (one("a[rel=prev]", form())) return;
    const known = new Set(ids(form()));
    const fresh = ids(form(page));
    // Behind the last that is known are those that others made room for.
    const last = fresh.findLastIndex((id) => known.has(id));
    const news = fresh.filter((id, at) => !known.has(id) && (at < last || last < 0)).length;
    const isAtTop = one(".list").getBoundingClientRect().top >= 0;
    const isUsed = form().matches(":hover, :focus-within") || one("input:checked", form());
    if (known.size > 0 && news > 0 && (isStill || !isAtTop || isUsed)) note(page, news);
    else if (!isStill) put(page);
    else if (known.size === 0) put(page);
  };

  const refresh = ({ isStill = false } = {}) => {
    // A search is not asked again and again while mail comes, nor what stands in the place of a list.
    if (!form() || new URL(address(), location).pathname === "/search") return;
    clearTimeout(refreshing);
    refreshing = setTimeout(() => look(isStill).catch(() => {}), TOGETHER);
  };
  const hear = (word) => {
    if (word === state) return;
    state = word;
    refresh();
  };

  const stop = () => {
    source?.close();
    source = null;
    clearTimeout(timer);
  };
  const poll = async () => {
    stop();
    isHeld = true;
    try {
      const response = await fetch("/mail/state", { headers: { "x-inhaul-live": "1" } });
      // Signed out.
      if (response.redirected || [401, 403].includes(response.status)) return;
      if (response.ok) hear(await response.text());
    } catch {
      // The server is away for a moment, or the page is being left.
    }
    if (!isPaused && !document.hidden) timer = setTimeout(poll, BETWEEN_POLLS);
  };
  const start = () => {
    if (source || isPaused || document.hidden) return;
    if (isHeld) return poll();
    source = new EventSource("/mail/events");
    source.addEventListener("state", (event) => {
      clearTimeout(timer);
      hear(event.data);
    });
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) poll();
    });
    timer = setTimeout(poll, FIRST_EVENT);
  };
  // A page that nobody sees takes no connection.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  // Nor one that is being left.
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => event.persisted && start());
  start();
  return {
    refresh,
    pause() {
      isPaused = true;
      stop();
    },
    resume() {
      if (!isPaused) return;
      isPaused = false;
      start();
    },
    /** What is shown is of this state. */
    knows(word) {
      state = word;
    },
    async folders() {
      const page = await fetchPage();
      for (const part of [".folders", ".folder-sheet"]) morphPart(part, page);
      state = one("[data-mail]", page).dataset.mail;
    },
  };
})();

/* Read is what was before somebody's eyes for a moment. */
const unread = one("[data-seen]");
if (unread) {
  const seen = async () => {
    if (document.hidden) return document.addEventListener("visibilitychange", soon, { once: true });
    if (!unread.dataset.seen || !unread.isConnected) return;
    const headers = { "x-inhaul-live": "1" };
    const response = await fetch(unread.dataset.seen, { method: "POST", headers });
    if (!response.ok) return;
    delete unread.dataset.seen;
    const row = one(".message[aria-current]");
    row?.classList.remove("unread");
    if (row) one(":scope > .unseen", row)?.remove();
    await mail?.folders();
  };
  const soon = () => setTimeout(() => seen().catch(() => {}), 1000);
  soon();
}
