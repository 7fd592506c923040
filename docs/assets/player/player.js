// Plays a recording of terminals in the page: see docs/batepapo_site/player.py.
//
// The page holds everything as text already, and so one sees what it is about. Played,
// it is emptied, and comes again as it came.
(function () {
  "use strict";

  var SPEEDS = [0.5, 1, 2, 4];
  var PAUSE = 0.25; // seconds without a sign: a step ends there
  var ICONS = {
    play: "M8 5v14l11-7z",
    pause: "M6 5h4v14H6zm8 0h4v14h-4z",
    again: "M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z",
    back: "M6 5h2v14H6zm12 0v14l-9-7z",
    forward: "M16 5h2v14h-2zM6 5v14l9-7z",
  };

  function start(player) {
    var data = JSON.parse(player.querySelector("script").textContent);
    var words = data.words;
    var screens = player.querySelectorAll("pre");
    var events = merged(data.panes);
    var steps = borders(events);
    var end = events.length ? events[events.length - 1].at : 0;
    var time = 0;
    var shown = 0; // how many events are on the screens
    var speed = 1;
    var playing = false;
    var played = false; // or sought in: until then it says "play", and not "again"
    var before = 0; // when the last frame was

    var play = button("player-play", toggle);
    var back = button("player-back", function () { step(-1); });
    var forward = button("player-forward", function () { step(1); });
    var rate = button("player-speed", function () {
      speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
      tell();
    });
    var slider = document.createElement("input");
    slider.type = "range";
    slider.min = "0";
    slider.max = String(end);
    slider.step = "0.1";
    slider.setAttribute("aria-label", words.time);
    slider.addEventListener("input", function () {
      pause();
      seek(Number(slider.value));
    });
    icon(back, "back");
    back.setAttribute("aria-label", words.back);
    icon(forward, "forward");
    forward.setAttribute("aria-label", words.forward);

    var controls = document.createElement("div");
    controls.className = "player-controls";
    [play, back, forward, slider, rate].forEach(function (one) {
      controls.appendChild(one);
    });
    player.insertBefore(controls, player.firstChild);
    player.title = words.keys;
    screens.forEach(function (screen) {
      // It must not grow while it plays: what is below would move away.
      screen.style.minHeight = screen.getBoundingClientRect().height + "px";
    });
    player.addEventListener("keydown", key);
    seek(end);
    played = false;
    tell();

    function button(name, act) {
      var made = document.createElement("button");
      made.type = "button";
      made.className = name;
      made.addEventListener("click", act);
      return made;
    }

    function toggle() {
      if (playing) {
        pause();
        return;
      }
      if (shown === events.length) {
        seek(0);
      }
      playing = true;
      before = performance.now();
      requestAnimationFrame(frame);
      tell();
    }

    function pause() {
      playing = false;
      tell();
    }

    function frame(now) {
      if (!playing) {
        return;
      }
      var next = time + (now - before) / 1000 * speed;
      before = now;
      if (next >= end) {
        playing = false;
      }
      seek(next);
      requestAnimationFrame(frame);
    }

    function step(way) {
      pause();
      var places = way > 0 ? steps : steps.slice().reverse();
      var to = places.find(function (at) {
        return way > 0 ? at > time + 1e-6 : at < time - 1e-6;
      });
      seek(to === undefined ? (way > 0 ? end : 0) : to);
    }

    function seek(to) {
      played = true;
      time = Math.min(end, Math.max(0, to));
      var count = 0;
      while (count < events.length && events[count].at <= time) {
        count += 1;
      }
      if (count !== shown || count === 0) {
        shown = count;
        draw();
      }
      tell();
    }

    function draw() {
      screens.forEach(function (screen, pane) {
        var text = "";
        for (var i = 0; i < shown; i += 1) {
          if (events[i].pane === pane) {
            text += events[i].text;
          }
        }
        text = text.replace(/\r/g, "");
        if (screen.textContent !== text) {
          screen.textContent = text;
          screen.scrollTop = screen.scrollHeight;
        }
      });
    }

    function tell() {
      var done = shown === events.length;
      var does = playing ? "pause" : done && played ? "again" : "play";
      icon(play, does);
      play.setAttribute("aria-label", words[does]);
      rate.textContent = speed + "×";
      rate.setAttribute("aria-label", words.speed + ": " + speed + "×");
      slider.value = String(time);
      slider.setAttribute("aria-valuetext", time.toFixed(1) + " s");
    }

    function key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      var own = event.target.tagName;
      if (event.key === " " && own !== "BUTTON") {
        toggle();
      } else if (event.key === "ArrowRight" && own !== "INPUT") {
        step(1);
      } else if (event.key === "ArrowLeft" && own !== "INPUT") {
        step(-1);
      } else if (event.key === "Home" && own !== "INPUT") {
        pause();
        seek(0);
      } else if (event.key === "End" && own !== "INPUT") {
        pause();
        seek(end);
      } else {
        return;
      }
      event.preventDefault();
    }
  }

  function icon(button, name) {
    if (button.dataset.icon !== name) {
      button.dataset.icon = name;
      button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="' +
        ICONS[name] + '"/></svg>';
    }
  }

  // All panes as one list, in the order of time.
  function merged(panes) {
    var all = [];
    panes.forEach(function (pane, number) {
      pane.events.forEach(function (event) {
        all.push({ at: event[0], pane: number, text: event[1] });
      });
    });
    return all.sort(function (one, other) { return one.at - other.at; });
  }

  // The times after which a step ends: a line is on a screen, and then comes a pause.
  function borders(events) {
    var found = [];
    var line = false;
    events.forEach(function (event, number) {
      line = line || event.text.indexOf("\n") >= 0;
      var next = events[number + 1];
      if (!next || (line && next.at - event.at > PAUSE)) {
        found.push(event.at);
        line = false;
      }
    });
    return found;
  }

  document.querySelectorAll(".player").forEach(start);
})();
