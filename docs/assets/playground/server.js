/* The server of the playground: octets of a client in, deliveries out.
 *
 * There is no socket in here, no page and no real time: a network, a keyboard and a
 * clock are played by whoever calls. What a server answers is not written down here
 * either. It stands in the state table of section 4.1, which comes with `data.js` from
 * the files of `spec/`; this file finds the row for what has come, and does what the
 * row says. Begin at `Server.apply`.
 *
 * Octets are strings in which each character is one octet, 0 to 255.
 */
"use strict";

(() => {
  /** A line that no further octet can make legal: it has no text worth keeping. */
  const HOPELESS = null;

  /** How many nicks a line of a list holds: 28 of 16 octets stay under 512 octets. */
  const NICKS_PER_LINE = 28;

  /** Finds lines in a stream, whatever way its octets arrive (section 2.2, FRAME-3). */
  class LineBuffer {
    constructor(limit) {
      this.limit = limit;
      this.rest = "";
    }

    /** Give the lines that these octets complete, without LF or CR LF. */
    feed(octets) {
      const lines = (this.rest + octets).split("\n");
      this.rest = lines.pop();
      const found = lines.map((line) => (line.length < this.limit ? this.withoutEnd(line) : HOPELESS));
      if (this.isHopeless(this.rest)) {
        found.push(HOPELESS);
        this.rest = "";
      }
      return found;
    }

    withoutEnd(line) {
      return line.replace(/\r$/, ""); // FRAME-2
    }

    /** Whether no further octet can mend a line that begins like this (FRAME-4, FRAME-5). */
    isHopeless(line) {
      return line.length >= this.limit || !/^[\x20-\x7e]*\r?$/.test(line);
    }

    /** Give the lines that the end of the stream completes: none (EOF-2). */
    end() {
      return [];
    }
  }

  /** All participants, in order of entry. */
  class Room {
    constructor() {
      this.present = [];
    }

    /** Give the form under which two nicks compare equal (section 3). */
    fold(nick) {
      return nick.toLowerCase(); // a nick is ASCII: nothing but A to Z is folded
    }

    find(nick) {
      return this.present.find((one) => this.fold(one.nick) === this.fold(nick));
    }

    isTaken(nick) {
      return this.find(nick) !== undefined;
    }

    add(visitor) {
      this.present.push(visitor);
    }

    remove(visitor) {
      this.present = this.present.filter((one) => one !== visitor);
    }
  }

  /** Reads what a client sent, by the patterns that `data.js` has from `grammar.abnf`. */
  class Grammar {
    constructor(patterns) {
      this.patterns = Object.fromEntries(
        Object.entries(patterns).map(([rule, pattern]) => [rule, new RegExp(`^(?:${pattern})$`)]),
      );
    }

    parse(line) {
      const is = (rule) => line !== HOPELESS && this.patterns[rule].test(line);
      if (is("enter")) {
        return { kind: "enter", nick: line.slice("/ENTRAR ".length) };
      }
      if (is("list")) {
        return { kind: "list" };
      }
      if (is("leave")) {
        return { kind: "leave" };
      }
      if (is("public")) {
        return { kind: "public", text: line.slice(1) };
      }
      if (is("private")) {
        const colon = line.indexOf(":"); // the first one; later ones belong to the text
        return { kind: "private", nick: line.slice(0, colon), text: line.slice(colon + 1) };
      }
      return { kind: "malformed" };
    }
  }

  /** One server, from its start.
   *
   * Every method that takes something in gives `{rows, deliveries}`: which rows of the
   * state table applied, to whom; and what goes out, in this order. A delivery is
   * `{to, octets}`, or `{to, end}` where the server ends that stream.
   */
  class Server {
    /**
     * @param data what `data.js` holds.
     * @param language of explanations and reasons: "en" or "pt".
     * @param options words as on a command line: ["--rate", "4"].
     * @param parts the classes of which it consists; a wrong server has others.
     */
    constructor(data, { language = "en", options = [], parts = {} } = {}) {
      const { grammar, room, buffer } = { grammar: Grammar, room: Room, buffer: LineBuffer, ...parts };
      this.data = data;
      this.language = language;
      this.limits = { ...data.limits };
      this.hidesAddresses = false; // on 127.0.0.1 they are shown (EVENT-4)
      this.grammar = new grammar(data.patterns);
      this.room = new room();
      this.Buffer = buffer;
      this.now = Date.parse(data.begins); // milliseconds
      this.visitors = new Map(); // by the name of the connection
      this.counted = new Set(); // connections that take a place (LIMIT-2)
      this.appointments = []; // what a wrong server puts off; a right one has none
      this.ports = 0;
      this.rows = [];
      this.deliveries = [];
      this.take(options);
    }

    /** Take the options of section 9; whoever passes one that is not there hears of it. */
    take(options) {
      for (let i = 0; i < options.length; i += 2) {
        const [option, value] = [options[i], options[i + 1]];
        const limit = this.data.options[option];
        if (option === "--addresses" && ["show", "hide"].includes(value)) {
          this.hidesAddresses = value === "hide";
        } else if (limit !== undefined && /^[0-9]+$/.test(value ?? "")) {
          this.limits[limit] = Number(value);
        } else {
          throw new RangeError(`${option} ${value ?? ""}`.trim());
        }
      }
    }

    // ---- what comes in ---------------------------------------------------------------

    /** A connection is accepted. The name is the caller's; the protocol knows none yet. */
    connect(name) {
      this.ports += 1;
      const port = 50000 + this.ports;
      const visitor = {
        name,
        state: "new",
        nick: "",
        address: this.hidesAddresses ? "-" : `127.0.0.1:${port}`,
        peer: `127.0.0.1:${port}`,
        enterBy: this.now + this.limits.entry * 1000,
        buffer: new this.Buffer(this.limits.line),
        lines: [], // read, and not yet carried out
        ended: false, // whether the client will send nothing more
        deaf: false, // whether the client will read nothing more
        credit: this.limits.rate,
        creditAt: this.now,
      };
      this.visitors.set(name, visitor);
      this.apply(visitor, this.welcome());
      return this.happened();
    }

    /** Octets arrive: what one read brings. */
    receive(name, octets) {
      const visitor = this.visitors.get(name);
      visitor.lines.push(...visitor.buffer.feed(octets));
      this.work(visitor);
      return this.happened();
    }

    /** The client ends its stream (FIN); it still reads, unless it is `deaf`. */
    endOfStream(name, { deaf = false } = {}) {
      const visitor = this.visitors.get(name);
      visitor.deaf ||= deaf;
      visitor.ended = true;
      visitor.lines.push(...visitor.buffer.end());
      this.work(visitor);
      return this.happened();
    }

    /** The connection breaks: nothing comes any more, and nothing arrives. */
    reset(name) {
      const visitor = this.visitors.get(name);
      visitor.deaf = true;
      visitor.lines = [];
      this.break(visitor);
      return this.happened();
    }

    /** Time passes, and what was due meanwhile happens. */
    advance(milliseconds) {
      const until = this.now + milliseconds;
      for (let at = this.nextTimer(); at <= until; at = this.nextTimer()) {
        this.now = at;
        this.ring();
      }
      this.now = until;
      return this.happened();
    }

    /** Give the moment at which something will happen by itself; `Infinity` if never. */
    nextTimer() {
      const times = this.appointments.map(({ at }) => at);
      for (const visitor of this.visitors.values()) {
        if (visitor.state === "waiting") {
          times.push(visitor.enterBy);
        }
        if (visitor.lines.length > 0 && visitor.state !== "closed") {
          times.push(this.nextCredit(visitor));
        }
      }
      return Math.max(this.now, Math.min(Infinity, ...times));
    }

    // ---- one thing after the other ---------------------------------------------------

    /** Which row a new connection gets (LIMIT-2, LIMIT-3): `cheio` before `limite`. */
    welcome() {
      const most = this.limits.connections;
      const mostOfOne = this.limits.per_address || Infinity; // all come from 127.0.0.1
      if (this.counted.size >= most) {
        return "accepted, but the server is full";
      }
      if (this.counted.size >= mostOfOne) {
        return "accepted, but too many from its address";
      }
      return "the connection is accepted";
    }

    /** Carry out the lines of a connection, as fast as the rate allows (LIMIT-4). */
    work(visitor) {
      while (visitor.lines.length > 0 && (visitor.state === "closed" || this.spendCredit(visitor))) {
        this.carryOut(visitor, visitor.lines.shift());
      }
      if (visitor.ended && visitor.lines.length === 0 && visitor.state !== "closed") {
        this.hangUp(visitor); // EOF-1: after all complete lines
      }
    }

    carryOut(visitor, line) {
      const request = this.grammar.parse(line);
      this.apply(visitor, this.inputOf(visitor, request), request);
    }

    /** What came, in the words of the state table. Grammar comes before state (STATE-4). */
    inputOf(visitor, request) {
      const entered = visitor.state === "participant";
      switch (true) {
        case visitor.state === "closed":
          return "anything";
        case request.kind === "malformed":
          return "a malformed line";
        case request.kind === "leave":
          return "/SAIR or {quit}";
        case request.kind === "enter" && entered:
          return "/ENTRAR nick";
        case request.kind === "enter":
          return this.room.isTaken(request.nick) ? "/ENTRAR nick, nick taken" : "/ENTRAR nick, nick free";
        case !entered:
          return ":text, nick:text or /USUARIOS";
        case request.kind === "public":
          return ":text";
        case request.kind === "list":
          return "/USUARIOS";
        default: {
          const destination = this.room.find(request.nick);
          if (destination === undefined) {
            return "nick:text, nick absent";
          }
          return destination === visitor ? "nick:text, nick one's own" : "nick:text, nick present";
        }
      }
    }

    /** Do what the state table says: who receives what, and the next state. */
    apply(visitor, input, request = {}) {
      const row = this.rowOf(visitor, input);
      this.rows.push({ who: visitor.name, row });
      const act = { visitor, request, row, time: this.time(), destination: this.destination(request) };
      if (row.alone) {
        this.tell(row.toOthers, act); // the destination first, then the sender (PRIVATE-3)
      }
      for (const message of row.toSender) {
        this.tell(message, act);
      }
      if (row.toOthers && !row.alone && !row.toSender.includes(row.toOthers)) {
        this.tell(row.toOthers, act);
      }
      if (visitor.state === "new" && row.next !== "closed") {
        this.counted.add(visitor);
      }
      if (row.next === "closed" && visitor.state !== "closed") {
        this.close(visitor);
      }
      visitor.state = row.next;
    }

    rowOf(visitor, input) {
      const row = this.data.states.find((one) => one.state === visitor.state && one.input === input);
      if (row === undefined) {
        throw new Error(`no row of the state table: ${visitor.state}, ${input}`);
      }
      return row;
    }

    destination(request) {
      return request.kind === "private" ? this.room.find(request.nick) : undefined;
    }

    /** Send one message of a row to whom it is for. */
    tell(message, act) {
      const { visitor, request, row, time } = act;
      const [keyword, code] = message.split(" ");
      switch (keyword) {
        case "BATEPAPO":
          this.send(visitor, `BATEPAPO 1 ${this.data.software}`);
          break;
        case "USUARIOS":
          this.sendList(act);
          break;
        case "ENTROU":
          visitor.nick = request.nick;
          this.room.add(visitor);
          this.broadcast(`ENTROU ${time} ${this.origin(visitor)}`, act);
          break;
        case "SAIU": {
          const leaver = row.toSender.includes("SAIU") ? [visitor] : [];
          this.room.remove(visitor); // the nick is free before anybody can know (ENTER-5)
          const reason = `SAIU ${time} ${this.origin(visitor)} :${this.reason(act)}`;
          this.broadcast(reason, act, [...leaver, ...this.room.present]);
          break;
        }
        case "PUBLICA":
          this.broadcast(`PUBLICA ${time} ${this.origin(visitor)} :${request.text}`, act);
          break;
        case "PRIVADA":
          this.send(act.destination, `PRIVADA ${time} ${this.origin(visitor)} :${request.text}`);
          break;
        case "ENVIADA":
          this.send(visitor, `ENVIADA ${act.destination.nick}`);
          break;
        case "ERRO":
          this.send(visitor, this.error(code, message, act));
          break;
        default:
          throw new Error(`no message of the protocol: ${message}`);
      }
    }

    /** One event, to everyone: the identical line, in one order for all (EVENT-1, ORDER-1). */
    broadcast(line, act, receivers = this.room.present) {
      for (const one of receivers) {
        this.send(one, line);
      }
    }

    sendList(act) {
      const nicks = this.nicksFor(act);
      do {
        const some = nicks.splice(0, NICKS_PER_LINE);
        this.send(act.visitor, ["USUARIOS", nicks.length, ...some].join(" ")); // LIST-2
      } while (nicks.length > 0);
    }

    nicksFor(_act) {
      return this.room.present.map((one) => one.nick);
    }

    // ---- words of a line -------------------------------------------------------------

    origin(visitor) {
      return `${visitor.nick}@${visitor.address}`;
    }

    time() {
      return new Date(this.now).toISOString(); // UTC with milliseconds (EVENT-2)
    }

    error(code, message, act) {
      const subject = code === "03" ? message.split(" ")[2] : act.request.nick;
      return `ERRO ${code} ${subject} :${this.explanation(code, subject, act.row)}`;
    }

    /** What an error means, and the rule that applies; never what was sent (ERROR-2). */
    explanation(code, subject, row) {
      const meaning = code === "03" ? this.data.causes[subject].says : this.data.errors[code].says;
      return `${meaning[this.language]} (${row.rule})`;
    }

    reason({ request, row }) {
      const error = row.toSender.find((message) => message.startsWith("ERRO 03 "));
      const { reasons } = this.data;
      if (error !== undefined) {
        const why = this.explanation("03", error.split(" ")[2], row);
        return `${reasons.forced[this.language]}: ${why}`;
      }
      return `${reasons[request.kind][this.language]} (${row.rule})`;
    }

    // ---- ends ------------------------------------------------------------------------

    hangUp(visitor) {
      this.apply(visitor, "end of stream or reset", { kind: "end" });
    }

    break(visitor) {
      if (visitor.state !== "closed") {
        this.apply(visitor, "end of stream or reset", { kind: "reset" });
      }
    }

    /** End the stream after the last line; its place is free from now on (LIMIT-2). */
    close(visitor) {
      this.counted.delete(visitor);
      this.end(visitor, "closed");
    }

    // ---- time ------------------------------------------------------------------------

    /** Do what is due now: the time to enter is over, a line may be read, a thing put off. */
    ring() {
      for (const visitor of this.visitors.values()) {
        if (visitor.state === "waiting" && visitor.enterBy <= this.now) {
          this.apply(visitor, "the entry time ends");
        }
        this.work(visitor);
      }
      const due = this.appointments.filter(({ at }) => at <= this.now);
      this.appointments = this.appointments.filter(({ at }) => at > this.now);
      due.forEach(({ run }) => run());
    }

    /** Put something off until time passes. A right server never does. */
    later(milliseconds, run) {
      this.appointments.push({ at: this.now + milliseconds, run });
    }

    /** Whether one more line may be read now; then it counts. */
    spendCredit(visitor) {
      const { rate } = this.limits;
      if (rate === 0) {
        return true; // no such limit
      }
      // At most one second's worth at once.
      visitor.credit = Math.min(rate, visitor.credit + ((this.now - visitor.creditAt) * rate) / 1000);
      visitor.creditAt = this.now;
      if (visitor.credit < 1) {
        return false;
      }
      visitor.credit -= 1;
      return true;
    }

    nextCredit(visitor) {
      return visitor.creditAt + Math.ceil(((1 - visitor.credit) * 1000) / this.limits.rate);
    }

    // ---- what goes out ---------------------------------------------------------------

    send(visitor, line) {
      this.put(visitor, { octets: `${line}\n` }); // LF alone (FRAME-1)
    }

    end(visitor, how) {
      this.put(visitor, { end: how });
    }

    put(visitor, what) {
      if (!visitor.deaf) {
        this.deliveries.push({ to: visitor.name, ...what });
      }
    }

    /** Give what has happened since the last time. */
    happened() {
      const { rows, deliveries } = this;
      this.rows = [];
      this.deliveries = [];
      return { rows, deliveries };
    }
  }

  globalThis.batepapo = { ...globalThis.batepapo, LineBuffer, Room, Grammar, Server };
})();
