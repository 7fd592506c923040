/* One participant's terminal, and how octets are shown in it. It knows nothing of servers:
 * it shows what it is given, and tells what its owner does.
 */
"use strict";

(() => {
  const { escaped, unescaped } = globalThis.batepapo;

  /** A text of more octets than this is cut, and so is a write of more lines. */
  const LONG = 160;
  const MANY = 8;

  /** Make an element. An attribute that is a function listens; `true` stands without a value. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") {
        element.addEventListener(name, value);
      } else if (value === true) {
        element.setAttribute(name, "");
      } else if (value !== false) {
        element.setAttribute(name, value);
      }
    }
    element.append(...children);
    return element;
  }

  /** Give the octets of what was typed: UTF-8, one character for each octet. */
  const typedOctets = (text) => String.fromCharCode(...new TextEncoder().encode(text));

  /** Show a text, and each octet that cannot be seen in a box of its own. */
  function visible(text) {
    const parts = text.match(/[\x20-\x7e]+|[^\x20-\x7e]/g) ?? [];
    return parts.map((part) => {
      const name = { "\r": "CR", "\n": "LF" }[part] ?? escaped(part);
      return /^[\x20-\x7e]/.test(part) ? part : make("span", { class: "pg-octet" }, name);
    });
  }

  /** Show octets, line by line, as a list of `code` elements. */
  function showOctets(octets, { ends, say }) {
    const lines = octets.match(/[^\n]*\n|[^\n]+/g) ?? [];
    const shown = lines.slice(0, MANY).map((line) => showLine(line, { ends, say }));
    if (lines.length > MANY) {
      shown.push(make("em", {}, say("more-lines", { count: lines.length - MANY })));
    }
    return shown;
  }

  function showLine(line, { ends, say }) {
    const end = /\r?\n$/.exec(line)?.[0] ?? "";
    const text = line.slice(0, line.length - end.length);
    const shown = make("code", {}, ...visible(text.length > LONG ? text.slice(0, LONG / 2) : text));
    if (text.length > LONG) {
      shown.append(make("em", {}, say("left-out", { count: text.length })));
    }
    if (end === "") {
      shown.append(make("em", { class: "pg-unfinished" }, say("unfinished")));
    } else if (ends) {
      shown.append(...visible(end));
    }
    return shown;
  }

  class Terminal {
    /**
     * @param name of its connection; `title` is what people call it.
     * @param say words of the page, by key.
     * @param act is called with what the owner does: an action without its pause.
     */
    constructor(name, title, say, act) {
      this.name = name;
      this.title = title;
      this.say = say;
      this.act = (action) => act({ name, ...action });
      this.state = make("span", { class: "pg-state" });
      this.lines = make("ol", { class: "pg-lines", tabindex: "0", "aria-label": say("lines", { who: title }) });
      this.input = make("input", {
        type: "text",
        autocomplete: "off",
        autocapitalize: "off",
        spellcheck: "false",
        "aria-label": say("type", { who: title }),
      });
      this.typing = this.makeForm();
      this.connecting = this.button("connect", () => this.act({ kind: "connect" }));
      this.element = make(
        "section",
        { class: "pg-terminal", "aria-label": title },
        make("h4", {}, title, " ", this.state),
        this.lines,
        this.typing,
        this.connecting,
      );
    }

    button(key, click, type = "button") {
      return make("button", { type, click }, this.say(key));
    }

    makeForm() {
      const piece = this.button("piece", () => this.send(unescaped(typedOctets(this.input.value))));
      const others = ["half-close", "close", "reset"].map((kind) => this.button(kind, () => this.act({ kind })));
      const more = make("div", {}, piece, make("small", {}, this.say("hint")), ...others);
      const submit = (event) => {
        event.preventDefault();
        this.send(`${typedOctets(this.input.value)}\n`);
      };
      return make(
        "form",
        { submit },
        make("div", { class: "pg-typing" }, this.input, this.button("send", () => {}, "submit")),
        make("details", {}, make("summary", {}, this.say("more")), more),
      );
    }

    send(octets) {
      const typed = this.input.value;
      this.input.value = "";
      if (octets !== "") {
        this.act({ kind: "send", octets, typed });
      }
    }

    /**
     * Show what there is now.
     *
     * @param entries `{kind, octets, mark, isNow}` each: what was "sent", "received", or an "end".
     * @param state in words; `can` is "connect", "send" or "read".
     */
    show(entries, state, can, ends) {
      this.state.textContent = state;
      this.lines.replaceChildren(...entries.map((entry) => this.entry(entry, ends)));
      this.lines.scrollTop = this.lines.scrollHeight;
      const hadFocus = this.element.contains(document.activeElement) && document.activeElement !== this.lines;
      this.typing.hidden = can !== "send";
      this.connecting.hidden = can !== "connect";
      if (hadFocus) {
        ({ send: this.input, connect: this.connecting, read: this.lines })[can].focus({ preventScroll: true });
      }
    }

    entry({ kind, octets, how, mark, isNow }, ends) {
      const item = make("li", { class: ["pg-entry", kind, isNow ? "now" : "", mark].filter(Boolean).join(" ") });
      if (mark) {
        item.append(make("strong", { class: "pg-mark", title: this.say(mark) }, this.say(`mark-${mark}`)));
      }
      if (kind === "end") {
        item.append(make("em", {}, this.say(`end-${how}`)));
      } else {
        const arrow = make("span", { "aria-hidden": "true" }, kind === "sent" ? "→" : "←");
        item.append(arrow, make("span", { class: "pg-heard" }, this.say(kind)));
        item.append(...showOctets(octets, { ends, say: this.say }));
      }
      return item;
    }
  }

  Object.assign(globalThis.batepapo, { Terminal, make, showOctets, typedOctets });
})();
