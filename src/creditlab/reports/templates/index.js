"use strict";
// Shows the rows of the index that have every word searched for; without this program all of them stand there.
(function () {
  const field = document.getElementById("search");
  const said = document.getElementById("found");
  const rows = [...document.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.normalize("NFKC").toLowerCase());

  function show() {
    const words = field.value.normalize("NFKC").toLowerCase().split(/\s+/u).filter(Boolean);
    let found = 0;
    rows.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word));
      found += row.hidden ? 0 : 1;
    });
    said.textContent = said.dataset.words.replace("{found}", String(found)).replace("{all}", String(rows.length));
  }

  field.closest("p").hidden = false;
  field.addEventListener("input", show);
  show();
})();
