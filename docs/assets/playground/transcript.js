/* Makes of a transcript (spec/transcripts/README.md) what its participants do, one after
 * the other, as the playground plays it.
 *
 * A transcript says what is sent, and what comes back. Only what is sent has to be done;
 * but what comes back decides how it goes on: which branch of an `either` is taken, and
 * for how long somebody waits. So it is played once against a right server to find out.
 */
"use strict";

(() => {
  const ARROW = /^(?<name>\S+) (?<arrow>->>|->|~>|<-|<~) (?<rest>.*)$/;
  const SAYS = /^(?<name>\S+) says (?<times>\d+) times (?<text>.*)$/;
  const LISTS = /^(?<name>\S+) sees the list (?<nicks>.+)$/;
  const WAITS = /^\S+ waits (?<seconds>[\d.]+)$/;
  const DOES = /^(?<name>\S+) (?<what>connects|half-closes|closes|resets|is closed)$/;
  const VALUES = { time: "\\S+", software: "\\S+", explanation: ".+", reason: ".+" };

  /** Put in what `<N x C>` stands for. */
  const repeated = (text) => text.replace(/<(\d+) x (.)>/g, (_, times, character) => character.repeat(Number(times)));

  /** Give the octets of a text with `\r`, `\n`, `\\` and `\xHH`. */
  const unescaped = (text) =>
    text.replace(/\\(?:x([0-9A-Fa-f]{2})|([rn\\]))/g, (_, code, letter) =>
      code ? String.fromCharCode(parseInt(code, 16)) : { r: "\r", n: "\n", "\\": "\\" }[letter],
    );

  /** Write octets so that each can be seen: the other way round. */
  const escaped = (octets) =>
    octets.replace(/[^\x20-\x7e]|\\/g, (octet) => {
      const plain = { "\r": "\\r", "\n": "\\n", "\\": "\\\\" }[octet];
      return plain ?? `\\x${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
    });

  /** Milliseconds from one action to the next, where the next waits for an answer. */
  const PAUSE = 250;

  /** Do one thing that a participant does, or let time pass; give what happened.
   *
   * An action is `{kind, name, pause}`, with `octets` if it is "send" and `milliseconds` if
   * "wait". The pause comes after it; without one, the next action is done at the same time.
   */
  function perform(server, action) {
    const did = performAlone(server, action);
    if (!action.pause) {
      return did;
    }
    return inOrder(did, server.advance(action.pause));
  }

  const NOTHING = { rows: [], deliveries: [] };

  const inOrder = (first, then) => ({
    rows: [...first.rows, ...then.rows],
    deliveries: [...first.deliveries, ...then.deliveries],
  });

  function performAlone(server, action) {
    const { kind, name } = action;
    switch (kind) {
      case "connect": {
        const open = server.visitors.has(name) && server.visitors.get(name).state !== "closed";
        const before = open ? server.endOfStream(name, { deaf: true }) : NOTHING;
        return inOrder(before, server.connect(name));
      }
      case "send":
        return server.receive(name, action.octets);
      case "half-close":
        return server.endOfStream(name);
      case "close":
        return server.endOfStream(name, { deaf: true });
      case "reset":
        return server.reset(name);
      case "wait":
        return server.advance(action.milliseconds);
      default:
        throw new Error(`no action: ${kind}`);
    }
  }

  /** Plays one transcript against one server, and notes what had to be done. */
  class Player {
    constructor(server) {
      this.server = server;
      this.actions = [];
      this.inboxes = new Map(); // what each connection has been sent and not yet read
      this.comments = [];
    }

    play(steps) {
      for (let i = 0; i < steps.length; i += 1) {
        this.note(steps[i]);
        if (steps[i].text === "either") {
          const [branches, end] = branchesOf(steps, i + 1);
          this.play(branches.find((branch) => this.begins(branch[0].text)));
          i = end;
        } else {
          this.take(steps[i].text);
        }
      }
      return this.actions;
    }

    note(step) {
      if (step.comment) {
        this.comments.push(step.comment);
      }
    }

    take(text) {
      const arrow = ARROW.exec(text)?.groups;
      const says = SAYS.exec(text)?.groups;
      const lists = LISTS.exec(text)?.groups;
      const waits = WAITS.exec(text)?.groups;
      const does = DOES.exec(text)?.groups;
      if (arrow?.arrow === "<-" || arrow?.arrow === "<~") {
        this.read(arrow.name, arrow.rest, arrow.arrow === "<~");
        this.quote(text);
      } else if (arrow) {
        this.act({ kind: "send", name: arrow.name, octets: octetsOf(arrow) }, text);
      } else if (says) {
        const octets = `:${repeated(says.text)}\n`.repeat(Number(says.times));
        this.act({ kind: "send", name: says.name, octets }, text);
      } else if (lists) {
        this.readList(lists.name);
        this.quote(text);
      } else if (waits) {
        this.wait(Number(waits.seconds) * 1000, text);
      } else if (does?.what === "is closed") {
        this.next(does.name);
        this.quote(text);
      } else if (does) {
        const kind = { connects: "connect", "half-closes": "half-close", closes: "close", resets: "reset" }[does.what];
        this.act({ kind, name: does.name }, text);
      } else {
        throw new Error(`not a step of a transcript: ${text}`);
      }
    }

    // ---- what is done ----------------------------------------------------------------

    act(action, text) {
      this.actions.push({ ...action, pause: 0, quoted: text ? [text] : [], comments: this.comments });
      this.comments = [];
      this.hand(perform(this.server, action));
    }

    wait(milliseconds, text) {
      this.act({ kind: "wait", milliseconds }, text);
    }

    /** Note a line that is expected: who waits for it does nothing at the same time. */
    quote(text) {
      const last = this.actions.at(-1);
      last.quoted.push(text);
      last.comments.push(...this.comments);
      this.comments = [];
      if (last.pause === 0 && last.kind !== "wait") {
        last.pause = PAUSE;
        this.hand(this.server.advance(PAUSE));
      }
    }

    hand({ deliveries }) {
      for (const { to, octets, end } of deliveries) {
        this.inboxes.set(to, [...(this.inboxes.get(to) ?? []), octets ?? end]);
      }
    }

    // ---- what is read ----------------------------------------------------------------

    /** Give what comes next on a connection; if nothing is there yet, wait for it. */
    peek(name) {
      while (!this.inboxes.get(name)?.length) {
        const pause = this.server.nextTimer() - this.server.now;
        if (pause === Infinity) {
          throw new Error(`${name} would wait for ever`);
        }
        this.wait(pause, "");
      }
      return this.inboxes.get(name)[0];
    }

    next(name) {
      const first = this.peek(name);
      this.inboxes.get(name).shift();
      return first;
    }

    read(name, form, skipping) {
      let line = this.next(name);
      while (skipping && !this.fits(form, line)) {
        line = this.next(name);
      }
    }

    readList(name) {
      while (!/^USUARIOS 0\b/.test(this.next(name)));
    }

    /** Whether the line of an expectation is the one that comes next. */
    begins(text) {
      const { name, arrow, rest } = ARROW.exec(text).groups;
      if (arrow !== "<-") {
        throw new Error(`a branch begins with an expected line: ${text}`);
      }
      return this.fits(rest, this.peek(name));
    }

    fits(form, line) {
      const pattern = repeated(form)
        .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
        .replace(/<([a-z0-9]+)(?: \d+)?>/g, (_, name) => VALUES[name] ?? this.originOf(name));
      return new RegExp(`^${pattern}\n$`).test(line);
    }

    originOf(name) {
      const { nick, address } = this.server.visitors.get(name);
      return `${nick}@${address}`.replaceAll(".", "\\.");
    }
  }

  function octetsOf({ arrow, rest }) {
    switch (arrow) {
      case "->":
        return `${repeated(rest)}\n`;
      case "->>":
        return rest
          .split(" | ")
          .map((line) => `${repeated(line)}\n`)
          .join("");
      default:
        return unescaped(repeated(rest));
    }
  }

  /** Give the branches that begin here, and where their `end` is. */
  function branchesOf(steps, from) {
    const branches = [[]];
    let depth = 0;
    for (let i = from; i < steps.length; i += 1) {
      const { text } = steps[i];
      if (text === "end" && depth === 0) {
        return [branches, i];
      }
      if (text === "or" && depth === 0) {
        branches.push([]);
        continue;
      }
      depth += { either: 1, end: -1 }[text] ?? 0;
      branches.at(-1).push(steps[i]);
    }
    throw new Error("an `either` without its `end`");
  }

  /** Give what the participants of a transcript do, as actions for `perform`.
   *
   * Each has besides: `quoted`, the lines of the transcript, and its `comments`.
   */
  function actionsOf(transcript, server) {
    return new Player(server).play(transcript.steps);
  }

  Object.assign(globalThis.batepapo, { PAUSE, actionsOf, perform, escaped, unescaped });
})();
