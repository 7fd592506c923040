/* Wrong servers: each is the right one but for the few lines in which it goes wrong.
 *
 * They have the names of their elders in `conformance/batepapo_zoo`, which do the same as
 * real programs and are found out by the suite. What each does, why one comes to write
 * it, and the rule that it breaks come with `data.js` from there.
 */
"use strict";

(() => {
  const { Server, Room, Grammar, LineBuffer } = globalThis.batepapo;

  /** Milliseconds that a wrong server takes for something else. */
  const A_MOMENT = 20;

  /** A server that follows other rows of the state table. */
  const withRow = (change) => ({
    server: class extends Server {
      rowOf(visitor, input) {
        const row = super.rowOf(visitor, input);
        return { ...row, ...change(row) };
      }
    },
  });

  /** A server that sends some events to others than everyone. */
  const withReceivers = (choose) => ({
    server: class extends Server {
      broadcast(line, act, receivers = this.room.present) {
        super.broadcast(line, act, choose(receivers, act, this));
      }
    },
  });

  /** A server that reads its lines in another way. */
  const withParse = (parse) => ({
    grammar: class extends Grammar {
      parse(line) {
        return line === null ? super.parse(line) : parse((other) => super.parse(other), line);
      }
    },
  });

  const faults = {
    // ---- lines -----------------------------------------------------------------------

    lines_end_in_cr_lf: {
      server: class extends Server {
        send(visitor, line) {
          this.put(visitor, { octets: `${line}\r\n` });
        }
      },
    },

    cr_belongs_to_the_line: {
      buffer: class extends LineBuffer {
        withoutEnd(line) {
          return line;
        }
      },
    },

    one_read_one_line: {
      buffer: class extends LineBuffer {
        feed(octets) {
          return [octets.replace(/[\r\n]+$/, "")];
        }
      },
    },

    reads_not_joined: {
      buffer: class extends LineBuffer {
        feed(octets) {
          this.rest = "";
          return super.feed(octets);
        }
      },
    },

    first_line_of_a_read: {
      buffer: class extends LineBuffer {
        feed(octets) {
          return super.feed(octets).slice(0, 1);
        }
      },
    },

    one_buffer_for_all: {
      server: class extends Server {
        connect(name) {
          const happened = super.connect(name);
          this.oneBuffer ??= new LineBuffer(this.limits.line);
          this.visitors.get(name).buffer = this.oneBuffer;
          return happened;
        }
      },
    },

    keyword_in_any_case: withParse((parse, line) => parse(line.replace(/^\/entrar /i, "/ENTRAR "))),

    strips_blanks: withParse((parse, line) => parse(line.trim())),

    any_cr_is_dropped: {
      buffer: class extends LineBuffer {
        withoutEnd(line) {
          return line.replaceAll("\r", "");
        }

        isHopeless(line) {
          return super.isHopeless(this.withoutEnd(line));
        }
      },
    },

    waits_for_the_line_end: {
      buffer: class extends LineBuffer {
        isHopeless(line) {
          return super.isHopeless(line.slice(0, this.limit - 1));
        }
      },
    },

    // ---- states ----------------------------------------------------------------------

    strangers_are_heard: {
      server: class extends Server {
        carryOut(visitor, line) {
          const request = this.grammar.parse(line);
          if (visitor.state !== "waiting" || request.kind !== "public") {
            super.carryOut(visitor, line);
            return;
          }
          const said = `PUBLICA ${this.time()} visitante@${visitor.address} :${request.text}`;
          this.broadcast(said, { visitor, request });
        }
      },
    },

    second_entry_is_only_refused: withRow(({ state, input }) =>
      state === "participant" && input === "/ENTRAR nick"
        ? { toSender: ["ERRO 01 nick"], toOthers: "", next: state }
        : {},
    ),

    goes_on_after_an_error: withRow(({ state, input }) =>
      input === "a malformed line" ? { toOthers: "", next: state } : {},
    ),

    errors_are_told_to_all: {
      server: class extends Server {
        tell(message, act) {
          if (!message.startsWith("ERRO 03 ")) {
            super.tell(message, act);
            return;
          }
          for (const visitor of new Set([act.visitor, ...this.room.present])) {
            super.tell(message, { ...act, visitor });
          }
        }
      },
    },

    // ---- entering --------------------------------------------------------------------

    entry_before_the_list: {
      server: class extends Server {
        rowOf(visitor, input) {
          const row = super.rowOf(visitor, input);
          return input === "/ENTRAR nick, nick free" ? { ...row, toSender: [...row.toSender].reverse() } : row;
        }

        nicksFor(act) {
          const nicks = super.nicksFor(act);
          return act.request.kind === "enter" ? nicks.filter((nick) => nick !== act.request.nick) : nicks;
        }
      },
    },

    newcomer_in_its_own_list: {
      server: class extends Server {
        nicksFor(act) {
          const nicks = super.nicksFor(act);
          return act.request.kind === "enter" ? [...nicks, act.request.nick] : nicks;
        }
      },
    },

    strangers_hear_the_room: withReceivers((receivers, _act, server) => {
      const strangers = [...server.visitors.values()].filter(
        (one) => one.state === "waiting" && !receivers.includes(one),
      );
      return [...receivers, ...strangers];
    }),

    nicks_in_lower_case: {
      server: class extends Server {
        tell(message, act) {
          const { request } = act;
          const other = message === "ENTROU" ? { ...request, nick: request.nick.toLowerCase() } : request;
          super.tell(message, { ...act, request: other });
        }
      },
    },

    case_makes_another_nick: {
      room: class extends Room {
        fold(nick) {
          return nick;
        }
      },
    },

    taken_nick_closes: withRow(({ input }) => (input === "/ENTRAR nick, nick taken" ? { next: "closed" } : {})),

    looks_then_takes: {
      server: class extends Server {
        carryOut(visitor, line) {
          const request = this.grammar.parse(line);
          const input = this.inputOf(visitor, request);
          if (input !== "/ENTRAR nick, nick free") {
            super.carryOut(visitor, line);
            return;
          }
          visitor.isAsking = true; // is this person registered? a database may take its time
          this.later(0, () => {
            visitor.isAsking = false;
            if (visitor.state === "waiting") {
              this.apply(visitor, input, request);
              this.work(visitor);
            }
          });
        }

        spendCredit(visitor) {
          return !visitor.isAsking && super.spendCredit(visitor);
        }

        nextCredit(visitor) {
          return visitor.isAsking ? Infinity : super.nextCredit(visitor);
        }

        hangUp(visitor) {
          if (!visitor.isAsking) {
            super.hangUp(visitor);
          }
        }
      },
    },

    nick_stays_taken: {
      room: class extends Room {
        add(visitor) {
          super.add(visitor);
          this.taken = (this.taken ?? new Set()).add(this.fold(visitor.nick));
        }

        isTaken(nick) {
          return this.taken?.has(this.fold(nick)) ?? false;
        }
      },
    },

    // ---- messages --------------------------------------------------------------------

    no_echo: withReceivers((receivers, { visitor, request }) =>
      request.kind === "public" ? receivers.filter((one) => one !== visitor) : receivers,
    ),

    joins_words_with_one_blank: withParse((parse, line) => {
      const request = parse(line);
      return request.kind === "public" ? { ...request, text: request.text.replace(/ +/g, " ") } : request;
    }),

    destination_with_its_capitals: {
      room: class extends Room {
        find(nick) {
          return this.present.find((one) => one.nick === nick);
        }

        isTaken(nick) {
          return super.find(nick) !== undefined;
        }
      },
    },

    private_from_its_destination: {
      server: class extends Server {
        tell(message, act) {
          if (message !== "PRIVADA") {
            super.tell(message, act);
            return;
          }
          const { destination, time, request } = act;
          this.send(destination, `PRIVADA ${time} ${this.origin(destination)} :${request.text}`);
        }
      },
    },

    lost_without_a_word: withRow(({ input }) => (input === "nick:text, nick absent" ? { toSender: [] } : {})),

    acknowledged_before_it_is_delivered: withRow(({ input, toSender }) =>
      input === "nick:text, nick one's own" ? { toSender: [...toSender].reverse() } : {},
    ),

    host_reads_everything: {
      server: class extends Server {
        tell(message, act) {
          const [host] = this.room.present;
          if (message === "PRIVADA" && host !== act.destination && host !== act.visitor) {
            super.tell(message, { ...act, destination: host });
          }
          super.tell(message, act);
        }
      },
    },

    // ---- lists and departures --------------------------------------------------------

    list_without_owner: {
      server: class extends Server {
        nicksFor(act) {
          return super.nicksFor(act).filter((nick) => nick !== act.visitor.nick);
        }
      },
    },

    leaver_hears_nothing: withReceivers((receivers, { visitor, request }) =>
      request.kind === "leave" ? receivers.filter((one) => one !== visitor) : receivers,
    ),

    quit_is_unknown: withParse((parse, line) => (line === "{quit}" ? { kind: "malformed" } : parse(line))),

    reset_leaves_a_ghost: {
      server: class extends Server {
        break() {} // an exception has ended the thread, and nobody cleans up
      },
    },

    hears_its_own_hanging_up: withReceivers((receivers, { visitor, request }) =>
      request.kind === "end" ? [visitor, ...receivers] : receivers,
    ),

    leaves_twice: {
      server: class extends Server {
        apply(visitor, input, request) {
          const wasThere = visitor.state === "participant";
          super.apply(visitor, input, request);
          if (wasThere && request?.kind === "leave") {
            this.later(A_MOMENT, () => this.tellAgain(visitor)); // when its connection is closed
          }
        }

        tellAgain(visitor) {
          const reason = `${this.data.reasons.end[this.language]} (LEAVE-3)`;
          this.broadcast(`SAIU ${this.time()} ${this.origin(visitor)} :${reason}`, { visitor, request: {} });
        }
      },
    },

    // ---- events and their order ------------------------------------------------------

    echo_with_a_time_of_its_own: {
      server: class extends Server {
        broadcast(line, act, receivers = this.room.present) {
          if (act.request.kind !== "public") {
            super.broadcast(line, act, receivers);
            return;
          }
          const later = new Date(this.now + 1).toISOString();
          for (const one of receivers) {
            this.send(one, one === act.visitor ? line : line.replace(act.time, later));
          }
        }
      },
    },

    deaf_to_its_operator: {
      server: class extends Server {
        take(options) {
          super.take(options);
          this.hidesAddresses = false;
        }
      },
    },

    two_orders: {
      server: class extends Server {
        broadcast(line, act, receivers = this.room.present) {
          if (act.request.kind !== "public") {
            super.broadcast(line, act, receivers);
            return;
          }
          this.send(act.visitor, line);
          this.later(A_MOMENT, () => {
            super.broadcast(line, act, this.room.present.filter((one) => one !== act.visitor));
          });
        }
      },
    },

    // ---- ends and limits -------------------------------------------------------------

    partial_line_carried_out: {
      buffer: class extends LineBuffer {
        end() {
          return this.rest === "" ? [] : [this.withoutEnd(this.rest)];
        }
      },
    },

    error_lost_in_reset: {
      server: class extends Server {
        close(visitor) {
          super.close(visitor);
          if (visitor.lines.length > 0) {
            // The system resets the connection, and what was under way is destroyed.
            const own = this.deliveries.filter(({ to }) => to === visitor.name).slice(-2);
            this.deliveries = this.deliveries.filter((one) => !own.includes(one));
            this.end(visitor, "reset");
          }
        }
      },
    },

    each_try_gives_more_time: {
      server: class extends Server {
        receive(name, octets) {
          const visitor = this.visitors.get(name);
          visitor.enterBy = this.now + this.limits.entry * 1000;
          return super.receive(name, octets);
        }
      },
    },

    too_late_without_a_word: withRow(({ input }) => (input === "the entry time ends" ? { toSender: [] } : {})),

    full_and_silent: withRow(({ input }) => (input === "accepted, but the server is full" ? { toSender: [] } : {})),

    places_never_free_again: {
      server: class extends Server {
        close(visitor) {
          const hadOne = this.counted.has(visitor);
          super.close(visitor);
          if (hadOne) {
            this.counted.add(visitor);
          }
        }
      },
    },

    address_before_full: {
      server: class extends Server {
        welcome() {
          const mostOfOne = this.limits.per_address || Infinity;
          return this.counted.size >= mostOfOne ? "accepted, but too many from its address" : super.welcome();
        }
      },
    },

    rate_loses_lines: {
      server: class extends Server {
        work(visitor) {
          super.work(visitor);
          if (visitor.lines.length > 0) {
            visitor.lines = [];
            super.work(visitor);
          }
        }
      },
    },
  };

  /** Make a server: a right one, or the wrong one of this name. */
  function makeServer(data, { fault = "", ...settings } = {}) {
    const { server = Server, ...parts } = faults[fault] ?? {};
    return new server(data, { ...settings, parts });
  }

  Object.assign(globalThis.batepapo, { faults, makeServer });
})();
