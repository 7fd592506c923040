// A Bate-papo server for Node, written from the specification alone.
//
//     node server.js [ADDRESS [PORT]] [options]
//
// One thread and one event loop, as with asyncio, but here nobody can write anything
// else: whatever runs, runs to its end before the next event. Ids are those of the
// specification.

"use strict";

const net = require("node:net");

const LONGEST_LINE = 512; // octets, with the LF: FRAME-5
const NICKS_A_LINE = 24; // LIST-2, FRAME-1: 24 nicks of 16 octets fit into a line
const PIECE = 8192; // octets that are offered to the system at a time
const FLUSH = 5000; // milliseconds: CLOSE-2
const DRAIN = 5000;
const END = 1500; // END-2: two seconds at most, and some of it is not ours

// ---- the grammar (section 3) ----------------------------------------------------

const NICK = "[A-Za-z][A-Za-z0-9_-]{0,15}";
const LINE = new RegExp(
  `^(?:/ENTRAR (?<nick>${NICK})|(?<list>/USUARIOS)|(?<leave>/SAIR|\\{quit\\})` +
    `|(?<to>${NICK})?:(?<text>[\\x20-\\x7e]{1,400}))$`,
);

// ---- the room ---------------------------------------------------------------------

const options = {
  "entry-timeout": 30, // seconds: LIMIT-1
  "stall-timeout": 60, // seconds: SLOW-5
  "outbox-limit": 1 << 20, // octets: SLOW-2
  "max-connections": 10000, // LIMIT-2
  "max-per-address": 0, // LIMIT-3; 0 is any number
  addresses: "", // show or hide: EVENT-4
};
const connections = new Set(); // all that are not closed yet
const closing = new Set(); // those being closed, in the order in which that began
const present = new Map(); // participants by nick in lower case, in order of entry
let hidden = false;
let latest = 0;

// The time of an event, which never goes backwards (ORDER-4).
function stamp() {
  latest = Math.max(latest, Date.now());
  return new Date(latest).toISOString();
}

// The identical line for everyone (EVENT-1). Nothing else runs meanwhile, so all
// outboxes get the events in one order (ORDER-1).
function tellEveryone(line) {
  const octets = Buffer.from(`${line}\n`, "latin1");
  for (const one of present.values()) one.put(octets);
}

// LOG-1, without anything that was said (LOG-2). A line that nobody takes is lost
// rather than waited for (SLOW-7).
function note(peer, what) {
  if (process.stderr.writableLength === 0) {
    process.stderr.write(`${stamp()} ${peer} ${what}\n`);
  }
}

// ---- one connection -----------------------------------------------------------------

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.host = socket.remoteAddress ?? "-";
    const host = net.isIPv6(this.host) ? `[${this.host}]` : this.host;
    this.peer = `${host}:${socket.remotePort ?? 0}`;
    this.state = "waiting"; // waiting, participant, closing
    this.nick = "";
    this.partial = Buffer.alloc(0); // a line whose LF has not come
    this.outbox = []; // what has not been offered to the system yet
    this.waiting = 0; // octets in it
    this.scheduled = false; // it will be offered in this turn
    this.entry = null; // the timer of LIMIT-1
    this.timer = null; // that of the outbox, then that of the close
    socket.on("data", (octets) => this.hear(octets));
    socket.on("end", () => this.hearEnd());
    socket.on("error", () => this.lose("LEAVE-3: the connection broke"));
    socket.on("close", () => this.forget());
  }

  get origin() {
    return `${this.nick}@${hidden ? "-" : this.peer}`;
  }

  // ---- the outbox ----

  tell(line) {
    this.put(Buffer.from(`${line}\n`, "latin1"));
  }

  put(octets) {
    this.outbox.push(octets);
    this.waiting += octets.length;
    this.offerSoon();
  }

  // When all events of this turn have been carried out: few writes, not many.
  offerSoon() {
    if (!this.scheduled) setImmediate(() => this.offer());
    this.scheduled = true;
  }

  // Offer pieces for as long as the system takes them at once.
  offer() {
    this.scheduled = false;
    while (this.waiting > 0 && this.socket.writableLength === 0 && this.isOpen()) {
      this.socket.write(this.nextPiece(), () => this.progress());
    }
    if (!this.isOpen()) return;
    const due = this.waiting + this.socket.writableLength;
    const closing = this.state === "closing";
    if (due === 0 && closing) {
      this.socket.end();
      this.wait(DRAIN, () => this.socket.destroy());
    } else if (due === 0) {
      this.wait(0, null);
    } else if (!closing && due > options["outbox-limit"]) {
      this.cutOff(); // SLOW-2; it has just been offered all of it (SLOW-4)
    } else if (this.timer === null) {
      const seconds = options["stall-timeout"];
      if (closing) this.wait(FLUSH, () => this.socket.destroy());
      else this.wait(seconds * 1000, () => this.cutOff()); // SLOW-5
    }
  }

  // The system has taken a piece that it did not take at once: it goes on.
  progress() {
    if (this.socket.writableLength > 0 || !this.isOpen()) return;
    this.wait(0, null);
    this.offer();
  }

  nextPiece() {
    let [count, length] = [0, 0];
    while (count < this.outbox.length && length < PIECE) length += this.outbox[count++].length;
    this.waiting -= length;
    return Buffer.concat(this.outbox.splice(0, count), length);
  }

  // Whether it may still be written to: not after its FIN, nor after a reset.
  isOpen() {
    return this.socket.writable;
  }

  wait(milliseconds, whatThen) {
    clearTimeout(this.timer);
    this.timer = whatThen && setTimeout(whatThen, milliseconds);
  }

  // ---- lines ----

  // Find the lines, whatever way the octets arrive (FRAME-3).
  hear(octets) {
    let rest = Buffer.concat([this.partial, octets]);
    while (this.state !== "closing") {
      const end = rest.indexOf(0x0a);
      if (end >= LONGEST_LINE || (end < 0 && rest.length >= LONGEST_LINE)) {
        this.refuse("sintaxe", "FRAME-5: a line has at most 512 octets");
      } else if (end < 0) {
        this.partial = rest;
        return;
      } else {
        const last = end > 0 && rest[end - 1] === 0x0d ? end - 1 : end; // FRAME-2
        this.carryOut(rest.latin1Slice(0, last));
        rest = rest.subarray(end + 1);
      }
    }
    this.partial = Buffer.alloc(0); // what comes now is read and thrown away: CLOSE-1
  }

  // Grammar is judged before state (STATE-4).
  carryOut(line) {
    const said = LINE.exec(line)?.groups;
    const inside = this.state === "participant";
    const enters = said?.nick !== undefined;
    if (said === undefined) this.refuse("sintaxe", "FRAME-4: the grammar has no such line");
    else if (said.leave) this.leave();
    else if (enters === inside) this.refuse("estado", "STATE-1, STATE-2: not now");
    else if (enters) this.enter(said.nick);
    else if (said.list) this.list();
    else if (said.to) this.whisper(said.to, said.text);
    else tellEveryone(`PUBLICA ${stamp()} ${this.origin} :${said.text}`);
  }

  enter(nick) {
    if (present.has(nick.toLowerCase())) {
      note(this.peer, "ERRO 01");
      this.tell(`ERRO 01 ${nick} :ENTER-3: somebody has this nick`);
      return;
    }
    clearTimeout(this.entry);
    this.list(); // ENTER-1: who was there before it
    this.nick = nick;
    this.state = "participant";
    present.set(nick.toLowerCase(), this);
    note(this.peer, `enters as ${nick}`);
    tellEveryone(`ENTROU ${stamp()} ${this.origin}`);
  }

  list() {
    const nicks = [...present.values()].map((one) => one.nick);
    do {
      const some = nicks.splice(0, NICKS_A_LINE);
      this.tell(["USUARIOS", nicks.length, ...some].join(" "));
    } while (nicks.length > 0);
  }

  whisper(to, text) {
    const destination = present.get(to.toLowerCase());
    if (destination === undefined) {
      note(this.peer, "ERRO 02");
      this.tell(`ERRO 02 ${to} :PRIVATE-2: nobody here has this nick`);
      return;
    }
    destination.tell(`PRIVADA ${stamp()} ${this.origin} :${text}`);
    this.tell(`ENVIADA ${destination.nick}`); // PRIVATE-3: after it
  }

  // ---- the end, which has many forms ----

  leave() {
    if (this.state === "participant") {
      tellEveryone(`SAIU ${stamp()} ${this.origin} :LEAVE-1: said goodbye`); // itself, too
      present.delete(this.nick.toLowerCase());
    }
    note(this.peer, "leaves: said goodbye");
    this.beginToClose();
  }

  // A participation ends in another way: the others are told (LEAVE-3).
  depart(reason) {
    if (this.state !== "participant") return;
    present.delete(this.nick.toLowerCase());
    note(this.peer, `leaves: ${reason}`);
    tellEveryone(`SAIU ${stamp()} ${this.origin} :${reason}`);
  }

  refuse(cause, rule) {
    note(this.peer, `ERRO 03 ${cause}`);
    this.depart(rule);
    this.tell(`ERRO 03 ${cause} :${rule}`);
    this.beginToClose();
  }

  // EOF-1: an end like any other. What has come of a line is dropped (EOF-2).
  hearEnd() {
    if (this.state === "waiting") note(this.peer, "goes");
    this.depart("LEAVE-3: the stream ended");
    this.beginToClose();
  }

  lose(reason) {
    if (this.state === "waiting") note(this.peer, "goes");
    this.depart(reason);
    this.state = "closing";
  }

  cutOff() {
    note(this.peer, "ERRO 03 limite (cut off)");
    this.lose("SLOW-2, SLOW-5: did not read"); // it is told nothing: it does not read
    this.socket.destroy();
  }

  // Section 6.5: flush, shut down, drain, close.
  beginToClose() {
    if (this.state === "closing") return;
    this.state = "closing";
    clearTimeout(this.entry);
    this.wait(0, null);
    this.offerSoon();
    closing.add(this);
    if (closing.size > options["max-connections"]) { // CLOSE-3
      const [first] = closing;
      closing.delete(first);
      first.socket.destroy();
    }
  }

  forget() {
    clearTimeout(this.entry);
    this.wait(0, null);
    this.lose("LEAVE-3: the connection is gone");
    connections.delete(this);
    closing.delete(this);
    if (ending && connections.size === 0) process.exit(0);
  }
}

// ---- the server -------------------------------------------------------------------

function welcome(socket) {
  const newcomer = new Connection(socket);
  const others = [...connections].filter((one) => one.state !== "closing");
  const same = others.filter((one) => one.host === newcomer.host);
  connections.add(newcomer);
  note(newcomer.peer, "connects");
  newcomer.tell("BATEPAPO 1 meu-servidor-js");
  if (others.length >= options["max-connections"]) {
    newcomer.refuse("cheio", "LIMIT-2: the server is full");
  } else if (options["max-per-address"] && same.length >= options["max-per-address"]) {
    newcomer.refuse("limite", "LIMIT-3: too many from one address");
  } else {
    const late = () => newcomer.refuse("tempo", "LIMIT-1: did not enter in time");
    newcomer.entry = setTimeout(late, options["entry-timeout"] * 1000);
  }
}

let ending = false;

function end(server) {
  if (ending) process.exit(0); // END-3
  ending = true;
  server.close();
  for (const one of connections) {
    if (one.state !== "closing") one.refuse("fim", "END-1: the server ends");
  }
  if (connections.size === 0) process.exit(0);
  setTimeout(() => process.exit(0), END);
}

// ---- the program (section 9) -------------------------------------------------------

function fail(status, why) {
  process.stderr.write(`${why}\n`, () => process.exit(status));
}

// The words of the command line: address, port, or what was not understood (RUN-7).
function readArguments(words) {
  const places = [];
  while (words.length > 0) {
    const word = words.shift();
    const name = word.slice(2);
    if (!word.startsWith("-") || (places.length === 1 && /^-\d/.test(word))) places.push(word);
    else if (!word.startsWith("--") || !Object.hasOwn(options, name)) return { wrong: word };
    else if (!setOption(name, words.shift() ?? "")) return { wrong: word };
  }
  if (places.length > 2) return { wrong: places[2] };
  return { address: places[0] || "127.0.0.1", port: places[1] || "55555" }; // RUN-1
}

function setOption(name, value) {
  if (name === "addresses") {
    options[name] = value;
    return value === "show" || value === "hide";
  }
  const whole = !name.endsWith("timeout");
  options[name] = Number(value);
  if (!(whole ? /^\d{1,9}$/ : /^\d{1,9}(\.\d+)?$/).test(value)) return false;
  return options[name] > 0 || name === "max-per-address";
}

function main() {
  const { address, port, wrong } = readArguments(process.argv.slice(2));
  if (wrong !== undefined) return fail(2, `not understood: ${wrong}`);
  const invalid = () => fail(5, `ERRO 05: cannot listen at ${address}, port ${port}`);
  const isPort = /^(0|[1-9]\d{0,4})$/.test(port) && Number(port) <= 65535;
  if (!net.isIP(address) || !isPort) return invalid();
  hidden = !/^127\.|^::1$/.test(address);
  if (options.addresses) hidden = options.addresses === "hide";
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: 60000 }; // TCP-3
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, ...keepAlive }, welcome);
  server.on("error", invalid); // RUN-4
  server.listen({ host: address, port: Number(port), backlog: 1024 }, () => {
    const shown = net.isIPv6(address) ? `[${address}]` : address;
    // RUN-2; and where the system has chosen the port, this one (RUN-3).
    console.log(`Bate-papo for Node, listening at ${shown}:${server.address().port}`);
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGBREAK"]) process.on(signal, () => end(server));
  return undefined;
}

main();
