// What is live on the pages. Everything here has a form or a link that does the same.
"use strict";

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
  const LIVE = { accept: "application/json", "x-inhaul-live": "1" };
  const said = document.getElementById("said");

  /** What is shown: the state as the server tells it, brought up to date by events. */
  let check = null;
  let dock = null; // the elements, while it is open
  let source = null;
  let timers = [];
  let isQuiet = false; // an opened Inbox began it: no dock, only the note on new messages
  let news = 0;
  let seen = new Set(); // messages that the page knows of

  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const later = (work, wait) => timers.push(setTimeout(work, wait));
  const say = (text) => { if (said && !isQuiet) said.textContent = text; };
  const address = (tail) => `/api/v1/check/${check.check_id}${tail}`;

  const quiet = () => {
    if (source) source.close();
    source = null;
    timers.forEach(clearTimeout);
    timers = [];
  };

  const close = () => {
    quiet();
    if (dock) dock.box.remove();
    dock = null;
  };

  const fold = (isFolded) => {
    if (!dock) return;
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
    foldButton.setAttribute("aria-label", "Fold");
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
      stop.disabled = true;
      fetch(`/check/${check.check_id}/stop`, { method: "POST", headers: { accept: LIVE.accept } });
    });
    const add = make("a", "button dock-add", "Add a mailbox");
    add.href = "/retrievals/add";
    add.hidden = true;
    body.append(note, lines, arrived, stop, add);
    box.append(head, body);
    // At the end of the page: neither the list nor the focus moves.
    document.body.append(box);
    dock = { box, body, title, fold: foldButton, note, lines, arrived, stop, add, rows: new Map() };
    fold(false);
  };

  const note = (text) => {
    if (!dock) return;
    dock.note.textContent = text;
    dock.note.hidden = !text;
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
    new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  const draw = () => {
    if (!dock || !check) return;
    const summary = check.summary;
    const waits = check.until && !summary;
    let title = summary ? summary.words : check.title;
    if (waits) title = `Waiting for a message. Stops at ${clock(check.until)}.`;
    if (dock.title.textContent !== title) dock.title.textContent = title;
    check.retrievals.forEach(drawLine);
    dock.stop.textContent = check.until ? "Stop waiting" : "Stop after this message";
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

  /** New messages in an open Inbox: a note, because a list that moves is a list that misleads. */
  const tellNews = (messages) => {
    const fresh = messages.filter((message) => !seen.has(message.id));
    fresh.forEach((message) => seen.add(message.id));
    const list = document.querySelector(".list");
    const shown = fresh.filter((message) => message.folder === "Inbox").length;
    if (!list || shown === 0) return;
    news += shown;
    let pill = document.querySelector(".dock-pill");
    if (!pill) {
      pill = make("a", "dock-pill");
      pill.href = window.location.href;
      list.prepend(pill);
    }
    pill.textContent = news === 1 ? "1 new message" : `${news} new messages`;
  };

  const ended = () => {
    quiet();
    note("");
    draw();
    say(check.summary.words);
    if (check.summary.good) later(close, CLOSES_AFTER);
  };

  const update = (line) => {
    const at = check.retrievals.findIndex((one) => one.retrieval === line.retrieval);
    if (at < 0) check.retrievals.push(line);
    else check.retrievals[at] = line;
    draw();
  };

  const poll = async () => {
    try {
      const response = await fetch(address(""), { headers: LIVE });
      if (!response.ok) return close();
      const before = check;
      check = await response.json();
      tellNews(check.messages);
      for (const line of check.retrievals) {
        const same = before.retrievals.find((one) => one.retrieval === line.retrieval);
        if (line.result && !(same && same.result)) say(`${line.retrieval}: ${line.words}`);
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
    hears("done", (line) => {
      update(line);
      say(`${line.retrieval}: ${line.words}`);
    });
    hears("summary", (summary) => {
      check.summary = summary;
      ended();
    });
    later(() => {
      if (isHeard || !source) return;
      source.close();
      source = null;
      note(BLOCKED);
      poll();
    }, FIRST_EVENT);
  };

  const follow = (state) => {
    quiet();
    if (dock) dock.box.remove();
    dock = null;
    check = state;
    isQuiet = state.activation === "folder";
    state.messages.forEach((message) => seen.add(message.id));
    open();
    draw();
    if (state.words) note(state.words);
    say(state.words || state.title);
    if (state.summary) return ended();
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
      follow(await response.json());
    } catch {
      form.submit();
    }
  };

  forms.forEach((form) =>
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const menu = form.closest("details");
      if (menu) menu.open = false;
      press(form);
    }));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dock && !event.defaultPrevented) fold(true);
  });

  const join = async (path) => {
    try {
      const response = await fetch(path, { headers: LIVE });
      if (!response.ok || response.redirected) return;
      const state = await response.json();
      if (state.check_id && !check) follow(state);
    } catch {
      // There is nothing to join, then.
    }
  };

  const going = forms[0].dataset.check;
  // The check's own page shows it already: it is asked for again, as without script.
  if (document.querySelector("[data-check-page]")) {
    setTimeout(() => window.location.reload(), BETWEEN_POLLS);
    return;
  }
  if (going) join(`/api/v1/check/${going}`);
  // Opening the Inbox began a check a moment ago.
  else if (window.location.pathname === "/") setTimeout(() => join("/api/v1/check/current"), 300);
})();
// End of the dock
