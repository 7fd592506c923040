/* A session: what was done, and what came of it, on a right server and on a wrong one.
 *
 * The actions alone are kept. To go back, to step forward, or to change the fault, is to
 * look at another step of the same actions, or to play all of them again.
 */
"use strict";

(() => {
  const { actionsOf, perform, makeServer } = globalThis.batepapo;

  /** Give what is longest in common of two lists of strings, as pairs of places. */
  function common(left, right) {
    const longest = Array.from({ length: left.length + 1 }, () => new Array(right.length + 1).fill(0));
    for (let i = left.length - 1; i >= 0; i -= 1) {
      for (let j = right.length - 1; j >= 0; j -= 1) {
        longest[i][j] =
          left[i] === right[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
      }
    }
    const pairs = [];
    for (let i = 0, j = 0; i < left.length && j < right.length; ) {
      if (left[i] === right[j]) {
        pairs.push([i, j]);
        i += 1;
        j += 1;
      } else if (longest[i + 1][j] >= longest[i][j + 1]) {
        i += 1;
      } else {
        j += 1;
      }
    }
    return pairs;
  }

  /** Lay what one connection got from both servers side by side, in order. */
  function compareOne(right, wrong) {
    const key = ({ octets, end }) => octets ?? end;
    const merged = [];
    let [i, j] = [0, 0];
    for (const [atRight, atWrong] of [...common(right.map(key), wrong.map(key)), [right.length, wrong.length]]) {
      merged.push(...right.slice(i, atRight).map((one) => ({ ...one, mark: "missing" })));
      merged.push(...wrong.slice(j, atWrong).map((one) => ({ ...one, mark: "extra" })));
      merged.push(...wrong.slice(atWrong, atWrong + 1).map((one) => ({ ...one, mark: "" })));
      [i, j] = [atRight + 1, atWrong + 1];
    }
    // What is missing has its place between what is there.
    for (let k = 0, least = 0; k < merged.length; k += 1) {
      const next = merged.slice(k).find(({ mark }) => mark !== "missing")?.at ?? Infinity;
      merged[k].at = Math.min(Math.max(merged[k].at, least), next);
      least = merged[k].at;
    }
    return merged;
  }

  /** Compare what two servers sent in some steps; give the wrong one's, each marked.
   *
   * `mark` is "extra" for what a right server would not have sent, "missing" for what it
   * would have sent (and this one did not), and "" for what is right. Each connection is
   * compared on its own: nobody can see in which order two connections were served.
   *
   * @param right, wrong: for each step, its deliveries.
   */
  function compare(right, wrong) {
    const numbered = (steps) => steps.flatMap((deliveries, at) => deliveries.map((one) => ({ ...one, at })));
    const [ours, theirs] = [numbered(right), numbered(wrong)];
    const merged = new Map();
    for (const { to } of [...ours, ...theirs]) {
      const ofThis = (one) => one.to === to;
      merged.set(to, merged.get(to) ?? compareOne(ours.filter(ofThis), theirs.filter(ofThis)));
    }
    return wrong.map((deliveries, at) => {
      const shown = [];
      for (const { to } of deliveries) {
        do {
          shown.push(merged.get(to).shift());
        } while (shown.at(-1).mark === "missing");
      }
      for (const rest of merged.values()) {
        while (rest[0]?.mark === "missing" && rest[0].at <= at) {
          shown.push(rest.shift());
        }
      }
      return shown;
    });
  }

  class Session {
    /**
     * @param data what `data.js` holds.
     * @param language of what servers explain: "en" or "pt".
     */
    constructor(data, language) {
      this.data = data;
      this.language = language;
      this.begin();
    }

    /** Begin with nothing done, or with all that a transcript does. */
    begin(transcript = "") {
      this.transcript = transcript;
      this.options = transcript ? this.data.transcripts[transcript].options : [];
      this.actions = transcript ? actionsOf(this.data.transcripts[transcript], this.server("")) : [];
      this.play();
    }

    /** Play all again on servers with these options.
     *
     * @throws RangeError: there is no such option, or not with such a value.
     */
    useOptions(options) {
      const before = this.options;
      this.options = options;
      try {
        this.play();
      } catch (error) {
        this.options = before;
        throw error;
      }
    }

    /** Play all again on another server. */
    useFault(fault) {
      this.fault = fault;
      this.play();
    }

    /** Do something after so many steps; what was done after them before is forgotten. */
    add(action, after = this.steps.length) {
      if (after < this.actions.length) {
        this.actions = this.actions.slice(0, after);
        this.play();
      }
      this.transcript = ""; // it goes its own way from here
      this.actions.push(action);
      this.step(action);
      this.mark(this.groups().at(-1)[0]);
    }

    server(fault) {
      return makeServer(this.data, { language: this.language, options: this.options, fault });
    }

    play() {
      this.right = this.server("");
      this.shown = this.server(this.fault ?? "");
      this.steps = [];
      for (const action of this.actions) {
        this.step(action);
      }
      this.mark(0);
    }

    step(action) {
      const right = perform(this.right, action);
      const shown = perform(this.shown, action);
      this.steps.push({
        action,
        now: this.shown.now,
        rows: shown.rows,
        sent: { right: right.deliveries, shown: shown.deliveries },
        deliveries: [],
        states: new Map([...this.shown.visitors].map(([name, { state, nick }]) => [name, { state, nick }])),
      });
    }

    /** Give the steps that happen at one moment, as [first, after the last]. */
    groups() {
      const groups = [];
      let first = 0;
      this.actions.forEach(({ pause, kind }, i) => {
        if (pause || kind === "wait" || i === this.actions.length - 1) {
          groups.push([first, i + 1]);
          first = i + 1;
        }
      });
      return groups;
    }

    /** Mark what is wrong in the steps from here on.
     *
     * What is done at one moment is judged as a whole: nobody can say what comes first.
     */
    mark(from) {
      for (const [first, after] of this.groups().filter(([first]) => first >= from)) {
        const steps = this.steps.slice(first, after);
        const marked = compare(steps.map(({ sent }) => sent.right), steps.map(({ sent }) => sent.shown));
        steps.forEach((step, i) => {
          step.deliveries = marked[i];
        });
      }
    }

    /** Give the first step at which this server does what a right one would not; 0: none. */
    get firstWrong() {
      return 1 + this.steps.findIndex(({ deliveries }) => deliveries.some(({ mark }) => mark !== ""));
    }
  }

  /** Give the transcript, and the step of it, in which a fault shows; `null` if none does.
   *
   * Those that are about the rule that it breaks come first.
   */
  function whereItShows(data, language, fault) {
    const { rule } = data.faults[fault];
    const names = Object.keys(data.transcripts);
    const isAbout = (name) => data.transcripts[name].shows.includes(rule);
    const session = new Session(data, language);
    session.fault = fault;
    for (const transcript of [...names.filter(isAbout), ...names.filter((name) => !isAbout(name))]) {
      session.begin(transcript);
      if (session.firstWrong > 0) {
        return { transcript, step: session.firstWrong };
      }
    }
    return null;
  }

  Object.assign(globalThis.batepapo, { Session, compare, whereItShows });
})();
