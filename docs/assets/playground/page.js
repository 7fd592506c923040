/* The page of the playground: terminals side by side, steps forward and back, a fault.
 *
 * `Session` (session.js) knows what happened; this shows one step of it. Whatever a reader
 * does becomes an action that is added to the session, or another step to look at; then
 * everything is shown again.
 */
"use strict";

(() => {
  const { PAUSE, Session, Terminal, make, showOctets, typedOctets, escaped, whereItShows } = globalThis.batepapo;
  const data = globalThis.batepapoData;

  const MOST = 4; // terminals side by side
  const LANGUAGE = document.documentElement.lang.startsWith("pt") ? "pt" : "en";

  /** Give one of the page's own sentences. */
  function say(key, values = {}) {
    const text = data.words[LANGUAGE][key];
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  /** Show a sentence of the specification: what stands between backticks is code. */
  function sentence(text) {
    return text
      .replaceAll("**", "")
      .split("`")
      .map((part, i) => (i % 2 ? make("code", {}, part) : part));
  }

  function ruleLink(rule) {
    return make("a", { href: `reference/requirements.html#${rule}` }, rule);
  }

  /** Fold what a person typed as a client would (TYPE-1). */
  function folded(text) {
    const mapped = [...text].map((character) => data.folding[character] ?? character).join("");
    return mapped.normalize("NFKD").replace(/\p{Mn}/gu, "");
  }

  class Playground {
    constructor(root) {
      this.session = new Session(data, LANGUAGE);
      this.session.fault = "";
      this.terminals = new Map();
      this.step = 0;
      this.makeChoices();
      this.makeSteps();
      this.happened = make("section", { class: "pg-happened", "aria-label": say("happened") });
      this.grid = make("div", { class: "pg-terminals", role: "group", "aria-label": say("terminals") });
      this.adding = this.button("add", () => this.addTerminal());
      this.showAll = make("input", { type: "checkbox", change: () => this.show() });
      this.others = make("p", { class: "pg-others" });
      this.said = make("p", { class: "pg-heard", role: "status" });
      const all = make("label", { class: "pg-check" }, this.showAll, say("show-all"));
      this.hidden = make("div", { class: "pg-row" }, this.others, all);
      const below = make("div", { class: "pg-row" }, this.adding, this.hidden);
      root.replaceChildren(this.choices, this.about, this.stepping, this.happened, this.grid, below, this.said);
      globalThis.addEventListener("hashchange", () => this.followLink());
      if (!this.followLink()) {
        this.begin("");
      }
    }

    // ---- what is there ---------------------------------------------------------------

    button(key, click, attributes = {}) {
      return make("button", { type: "button", click, ...attributes }, say(key));
    }

    makeChoices() {
      const transcripts = Object.entries(data.transcripts).map(([name, { title }]) =>
        make("option", { value: name }, `${name.slice(0, 2)} ${title[LANGUAGE]}`),
      );
      this.playing = make(
        "select",
        { change: () => this.begin(this.playing.value) },
        make("option", { value: "" }, say("yours")),
        ...transcripts,
      );
      this.serving = make(
        "select",
        { change: () => this.useFault(this.serving.value) },
        make("option", { value: "" }, say("right")),
        ...this.faultsBySection(),
      );
      this.options = make("input", { type: "text", spellcheck: "false", change: () => this.useOptions() });
      this.trouble = make("p", { class: "pg-trouble", role: "alert" });
      this.ends = make("input", { type: "checkbox", change: () => this.show() });
      this.choices = make(
        "form",
        { class: "pg-choices", submit: (event) => event.preventDefault() },
        make("label", {}, say("play"), this.playing),
        make("label", {}, say("server"), this.serving),
        make("label", {}, say("options"), this.options),
        make("label", { class: "pg-check" }, this.ends, say("ends")),
        this.trouble,
      );
      this.about = make("div", { class: "pg-about" });
    }

    faultsBySection() {
      const groups = new Map();
      for (const [name, { rule, does }] of Object.entries(data.faults)) {
        const { section, title } = data.requirements[rule];
        const label = `${section} ${title[LANGUAGE]}`.replaceAll("`", "");
        const option = make("option", { value: name }, `${does[LANGUAGE]} (${rule})`.replaceAll("`", ""));
        groups.set(label, [...(groups.get(label) ?? []), option]);
      }
      const inOrder = [...groups].sort(([a], [b]) => parseFloat(a) - parseFloat(b));
      return inOrder.map(([label, options]) => make("optgroup", { label }, ...options));
    }

    makeSteps() {
      const icon = (key, sign, to) =>
        make("button", { type: "button", "aria-label": say(key), title: say(key), click: () => this.go(to()) }, sign);
      this.slider = make("input", {
        type: "range",
        min: "0",
        "aria-label": say("place"),
        input: () => this.go(Number(this.slider.value)),
      });
      this.at = make("span", { class: "pg-at" });
      this.clock = make("span", { class: "pg-clock" });
      this.stopped = make("input", { type: "checkbox", change: () => this.stopClock() });
      const wait = (milliseconds) => () => this.act({ kind: "wait", milliseconds });
      this.stepping = make(
        "div",
        { class: "pg-steps", role: "group", "aria-label": say("steps") },
        make(
          "div",
          { class: "pg-row" },
          icon("first", "|◀", () => 0),
          icon("back", "◀", () => this.step - 1),
          icon("forward", "▶", () => this.step + 1),
          icon("last", "▶|", () => this.session.steps.length),
          this.slider,
          this.at,
          this.button("again", () => this.begin(this.session.transcript)),
        ),
        make(
          "div",
          { class: "pg-row" },
          this.clock,
          this.button("second", wait(1000)),
          this.button("minute", wait(30000)),
          make("label", { class: "pg-check" }, this.stopped, say("stopped")),
        ),
      );
    }

    // ---- what a reader does ----------------------------------------------------------

    begin(transcript) {
      this.session.begin(transcript);
      this.names = transcript ? [] : ["1", "2"];
      if (!transcript) {
        this.names.forEach((name) => this.session.add({ kind: "connect", name, pause: PAUSE }));
      }
      this.terminals.clear();
      this.stopped.checked = false;
      this.go(transcript ? 0 : this.session.steps.length);
    }

    useFault(fault) {
      this.session.useFault(fault);
      this.go(this.step);
    }

    useOptions() {
      const words = this.options.value.split(" ").filter(Boolean);
      try {
        this.session.useOptions(words);
      } catch (error) {
        if (!(error instanceof RangeError)) {
          throw error;
        }
        const known = say("known-options", { options: Object.keys(data.options).join(", ") });
        this.trouble.textContent = `${say("bad-options", { options: error.message })}. ${known}`;
        return;
      }
      this.go(this.step);
    }

    /** Time begins again to pass: what was sent at one moment is over. */
    stopClock() {
      if (!this.stopped.checked && this.session.actions.at(-1)?.pause === 0) {
        this.act({ kind: "wait", milliseconds: PAUSE });
      }
    }

    act(action) {
      const forgets = this.step < this.session.steps.length;
      const pause = this.stopped.checked || action.kind === "wait" ? 0 : PAUSE;
      this.session.add({ ...action, pause, comments: this.remarks(action) }, this.step);
      this.go(this.step + 1, forgets ? `${say("dropped")} ` : "");
    }

    /** What a client would have done with what was typed here. */
    remarks({ typed = "" }) {
      const outside = typed.match(/[^\x20-\x7e]/gu) ?? [];
      if (outside.length === 0) {
        return [];
      }
      const octets = [...typedOctets(outside.join(""))].map((octet) => escaped(octet).slice(2)).join(" ");
      return [{ [LANGUAGE]: say("folded", { typed: outside.join(" "), octets, folded: folded(typed) }) }];
    }

    addTerminal() {
      const free = ["1", "2", "3", "4"].find((name) => !this.allNames().includes(name));
      this.names.push(free);
      this.act({ kind: "connect", name: free });
    }

    go(step, before = "") {
      const to = Math.max(0, Math.min(step, this.session.steps.length));
      this.step = to;
      this.show();
      this.said.textContent = before + this.spoken();
      this.writeLink();
    }

    // ---- links -----------------------------------------------------------------------

    /** Open what the address says: `#t=11-race&step=3&fault=no_echo`. Whether it did. */
    followLink() {
      const said = new URLSearchParams(location.hash.slice(1));
      const transcript = said.get("t") ?? "";
      const fault = said.get("fault") ?? "";
      if (transcript ? !(transcript in data.transcripts) : !(fault in data.faults)) {
        return false;
      }
      this.session.fault = fault in data.faults ? fault : "";
      this.begin(transcript);
      if (transcript) {
        this.go(Number(said.get("step") ?? 0) || 0);
      }
      return true;
    }

    writeLink() {
      const { transcript, fault } = this.session;
      const parts = { t: transcript, step: transcript && String(this.step), fault };
      const hash = new URLSearchParams(Object.entries(parts).filter(([, value]) => value)).toString();
      if (hash || location.hash.includes("=")) {
        history.replaceState(null, "", `#${hash}`);
      }
    }

    // ---- showing ---------------------------------------------------------------------

    show() {
      const { steps, transcript, fault, options } = this.session;
      const now = this.step > 0 ? steps[this.step - 1] : null;
      this.playing.value = transcript;
      this.serving.value = fault;
      this.options.value = options.join(" ");
      this.trouble.textContent = "";
      this.slider.max = String(steps.length);
      this.slider.value = String(this.step);
      this.at.textContent = say("at", { step: this.step, steps: steps.length });
      const time = now ? new Date(now.now).toISOString() : data.begins;
      this.clock.textContent = `${say("clock")} ${time.slice(11, 23)}`;
      this.showFault();
      this.showStep(now);
      this.showTerminals();
    }

    showFault() {
      const { fault, firstWrong } = this.session;
      this.about.hidden = fault === "";
      if (fault === "") {
        return;
      }
      const { rule, does, why } = data.faults[fault];
      const isWrong = firstWrong > 0 && firstWrong <= this.step;
      const find = this.button("find", () => this.showWhere(fault));
      this.about.replaceChildren(
        make("p", {}, ...sentence(say("fault", { does: does[LANGUAGE] }))),
        make(
          "p",
          {},
          `${say("breaks")} `,
          ruleLink(rule),
          ": ",
          ...sentence(data.requirements[rule].text[LANGUAGE].replaceAll("\n\n", " ")),
        ),
        make("details", {}, make("summary", {}, say("why")), make("p", {}, ...sentence(why[LANGUAGE]))),
        make(
          "p",
          { class: isWrong ? "pg-row pg-differs" : "pg-row" },
          make("span", {}, say(isWrong ? "differs" : "same")),
          ...(isWrong ? [] : [find]),
        ),
      );
    }

    showWhere(fault) {
      const where = whereItShows(data, LANGUAGE, fault);
      if (where === null) {
        this.said.textContent = say("unfound");
        return;
      }
      this.begin(where.transcript);
      this.go(where.step);
      this.serving.focus();
    }

    titleOf(name) {
      return /^\d$/.test(name) ? say("terminal", { number: name }) : name;
    }

    /** What somebody does in this step, in a sentence. */
    doing({ kind, name, octets, milliseconds }) {
      const key = { connect: "connects", send: "sends", "half-close": "half-closes", close: "closes" }[kind];
      const who = name && this.titleOf(name);
      const seconds = (milliseconds / 1000).toLocaleString(LANGUAGE);
      return say(key ?? { reset: "resets", wait: "waits" }[kind], { who, count: octets?.length, seconds });
    }

    showStep(now) {
      if (now === null) {
        this.happened.replaceChildren(make("p", {}, say("before")));
        return;
      }
      const { action, deliveries, rows } = now;
      const look = { ends: this.ends.checked, say };
      const parts = [];
      for (const comment of action.comments ?? []) {
        const text = comment[LANGUAGE];
        parts.push(make("p", { class: "pg-comment" }, action.quoted ? say("comment", { text }) : text));
      }
      parts.push(make("p", { class: "pg-does" }, this.doing(action)));
      if (action.octets !== undefined) {
        parts.push(make("div", { class: "pg-octets" }, ...showOctets(action.octets, look)));
      }
      if (action.pause === 0 && action.kind !== "wait" && this.step < this.session.steps.length) {
        parts.push(make("p", {}, make("em", {}, say("together"))));
      }
      if (deliveries.length === 0) {
        parts.push(make("p", {}, say("nobody")));
      } else {
        const items = deliveries.map((delivery) => this.delivery(delivery, look));
        parts.push(make("p", {}, say("receives")), make("ol", { class: "pg-deliveries" }, ...items));
      }
      parts.push(this.rowsOf(rows), this.quotedOf(action));
      this.happened.replaceChildren(...parts.filter(Boolean));
    }

    delivery({ to, octets, end, mark }, look) {
      const what = end ? [make("em", {}, say(`end-${end}`))] : showOctets(octets, look);
      const item = make("li", { class: mark }, make("b", {}, this.titleOf(to)), " ← ", ...what);
      if (mark) {
        item.append(make("span", { class: "pg-why" }, `${say(`mark-${mark}`)}: ${say(mark)}`));
      }
      return item;
    }

    rowsOf(rows) {
      const items = [];
      let last = "";
      for (const { who, row } of rows) {
        const { state, input, next } = row.said;
        const at = { state: state[LANGUAGE], input: input[LANGUAGE], next: next[LANGUAGE] };
        const text = `${this.titleOf(who)}: ${say("goes-to", at)}`;
        if (text === last) {
          continue; // five hundred lines after a goodbye are one thing
        }
        last = text;
        items.push(make("li", {}, text, " (", ruleLink(row.rule), ")"));
      }
      return items.length > 0 && make("details", {}, make("summary", {}, say("rows")), make("ul", {}, ...items));
    }

    quotedOf({ quoted = [] }) {
      if (quoted.length === 0) {
        return null;
      }
      const lines = make("pre", { tabindex: "0" }, make("code", {}, quoted.join("\n")));
      return make("details", {}, make("summary", {}, say("quoted")), lines);
    }

    /** The same for those who listen to the page. */
    spoken() {
      const steps = say("at", { step: this.step, steps: this.session.steps.length });
      if (this.step === 0) {
        return `${steps}.`;
      }
      const { action, deliveries } = this.session.steps[this.step - 1];
      const heard = deliveries.slice(0, 2 * MOST).map(({ to, octets, end, mark }) => {
        const what = end ? say(`end-${end}`) : octets.trim().slice(0, 120);
        return `${mark ? `${say(`mark-${mark}`)}: ` : ""}${this.titleOf(to)} ${say("received")} ${what}`;
      });
      const octets = action.octets === undefined ? "" : ` ${action.octets.trim().slice(0, 120)}`;
      return `${steps}. ${this.doing(action)}${octets} ${heard.join("; ") || say("nobody")}`;
    }

    allNames() {
      const acted = this.session.actions.map(({ name }) => name).filter(Boolean);
      return [...new Set([...(this.names ?? []), ...acted])];
    }

    /** Whom to show: all, if they are few; otherwise those who had to do last. */
    namesToShow() {
      const names = this.allNames();
      if (names.length <= MOST || this.showAll.checked) {
        return names;
      }
      const recent = [];
      for (const { action, deliveries } of this.session.steps.slice(0, this.step).reverse()) {
        recent.push(action.name, ...deliveries.map(({ to }) => to));
      }
      const some = [...new Set([...recent.filter(Boolean), ...names])].slice(0, MOST);
      return names.filter((name) => some.includes(name));
    }

    showTerminals() {
      const names = this.namesToShow();
      const count = this.allNames().length - names.length;
      this.hidden.hidden = this.allNames().length <= MOST;
      this.others.textContent = count > 0 ? say("others", { count }) : "";
      this.adding.hidden = this.session.transcript !== "" || this.allNames().length >= MOST;
      const shown = names.map((name) => this.terminal(name));
      const elements = shown.map(({ element }) => element);
      if (elements.some((element, i) => this.grid.children[i] !== element) || this.grid.children.length > names.length) {
        this.grid.replaceChildren(...elements);
      }
      for (const terminal of shown) {
        this.showTerminal(terminal);
      }
    }

    terminal(name) {
      if (!this.terminals.has(name)) {
        const terminal = new Terminal(name, this.titleOf(name), say, (action) => this.act(action));
        this.terminals.set(name, terminal);
      }
      return this.terminals.get(name);
    }

    showTerminal(terminal) {
      const entries = [];
      let at = "new"; // as its owner knows it
      this.session.steps.slice(0, this.step).forEach(({ action, deliveries }, i) => {
        const isNow = i === this.step - 1;
        if (action.name === terminal.name) {
          at = { connect: "open", "half-close": "half", close: "closed", reset: "closed" }[action.kind] ?? at;
          if (action.kind === "send") {
            entries.push({ kind: "sent", octets: action.octets, isNow });
          }
        }
        for (const { octets, end, mark } of deliveries.filter(({ to }) => to === terminal.name)) {
          entries.push({ kind: end ? "end" : "received", octets, how: end, mark, isNow });
          if (end && mark !== "missing") {
            at = "closed";
          }
        }
      });
      const { state, nick } = this.session.steps[this.step - 1]?.states.get(terminal.name) ?? { state: "new" };
      const words = {
        new: say("new"),
        closed: say("closed"),
        half: say("half"),
        open: state in { waiting: 0, participant: 0 } ? say(state, { nick }) : "",
      };
      const can = { new: "connect", closed: "connect", half: "read", open: "send" }[at];
      terminal.show(entries, words[at], can, this.ends.checked);
    }
  }

  const root = document.getElementById("playground");
  if (root !== null) {
    globalThis.batepapo.playground = new Playground(root);
  }
})();
