// A field above a table: only the rows stay that have all the words that are typed.
// What a row leads to counts as well, down to the next heading. Without this script the
// table is there all the same.
(() => {
  "use strict";

  const plain = (text) =>
    text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  function textOf(row) {
    let text = row.textContent;
    const link = row.querySelector("a[href*='#']");
    const at = link ? decodeURIComponent(link.hash.slice(1)) : "";
    let part = at ? document.getElementById(at) : null;
    for (part = part && part.nextElementSibling; part; part = part.nextElementSibling) {
      if (/^H[1-3]$/.test(part.tagName)) break;
      text += " " + part.textContent;
    }
    return plain(text);
  }

  function prepare(box) {
    const rows = [...box.querySelectorAll("tbody tr")];
    const texts = new Map();
    const label = document.createElement("label");
    const field = document.createElement("input");
    const count = document.createElement("output");
    field.type = "search";
    count.setAttribute("aria-live", "polite");
    label.append(box.dataset.label + " ", field);
    const line = document.createElement("p");
    line.className = "filter";
    line.append(label, " ", count);
    box.prepend(line);

    function show() {
      const words = plain(field.value).split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of rows) {
        if (!texts.has(row)) texts.set(row, textOf(row));
        row.hidden = !words.every((word) => texts.get(row).includes(word));
        found += row.hidden ? 0 : 1;
      }
      count.textContent = box.dataset.found
        .replace("{found}", found)
        .replace("{all}", rows.length);
    }

    field.addEventListener("input", show);
    show();
  }

  document.querySelectorAll(".filtered").forEach(prepare);
})();
