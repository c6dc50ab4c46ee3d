"use strict";
// Filters the released cells beside it, and shows what is chosen. Texts reach the page as text only, never as markup.
(function () {
  const board = document.getElementById("board");
  const KEYS = ["table", "measure", "item_code", "department", "region_code", "detail", "period"];
  const NOW = 0;
  const BEFORE = 1;
  let content;
  let place;
  let cells;
  take(JSON.parse(document.getElementById("content").textContent));
  let language = content.language;
  let measure = content.measures[0];
  let chosen = {};

  function take(given) {
    content = given;
    place = Object.fromEntries(content.columns.map((name, number) => [name, number]));
    cells = new Map(content.cells.map((cell) => [KEYS.map((key) => cell[place[key]]).join("\u001f"), cell]));
  }

  function texts() {
    return content.languages[language];
  }

  function say(key, values) {
    return texts().words[key].replace(/\{(\w+)\}/g, (all, name) => (values || {})[name]);
  }

  function find(table, what, groups, period) {
    const wanted = Object.assign({ item_code: "", department: "", region_code: "", detail: "" }, groups);
    return cells.get(KEYS.map((key) => ({ table: table, measure: what, period: period, ...wanted })[key]).join("\u001f"));
  }

  // --- Figures: exact counts, divided once, rounded half up ------------------------------------------------

  function isHidden(cell) {
    return cell !== undefined && cell[place.marker] !== "";
  }

  function number(value) {
    return value.toLocaleString("en-US");
  }

  function ratio(cell) {
    if (cell === undefined || isHidden(cell) || !cell[place.denominator]) return null;
    return cell[place.numerator] / cell[place.denominator];
  }

  // Products of counts outgrow what a floating number holds exactly.
  function rounded(value, divisor) {
    const size = value < 0n ? -value : value;
    const tenths = Number((20n * size + divisor) / (2n * divisor));
    return (value < 0n ? -tenths : tenths) / 10;
  }

  function share(cell) {
    if (isHidden(cell)) return cell[place.marker];
    if (ratio(cell) === null) return "";
    const text = rounded(100n * BigInt(cell[place.numerator]), BigInt(cell[place.denominator])).toFixed(1) + "%";
    return cell[place.is_provisional] ? text + " (p)" : text;
  }

  function change(now, before) {
    const isOpen = (cell) => ratio(cell) === null || cell[place.is_provisional];
    if (isOpen(now) || isOpen(before)) return say("no_previous");
    const [n, d, m, e] = [now, before].flatMap((cell) => [cell[place.numerator], cell[place.denominator]]).map(BigInt);
    const points = rounded(100n * (n * e - m * d), d * e);
    const sign = points > 0 ? "▲ +" : points < 0 ? "▼ −" : "= ";
    return say("change", { points: sign + Math.abs(points).toFixed(1), previous: texts().previous });
  }

  function shade(cell) {
    const value = ratio(cell);
    return value === null ? "shade-none" : "shade-" + Math.min(Math.floor(((1 - value) * 100) / 5), 4);
  }

  function due(groups) {
    const parts = {};
    for (const what of ["on_time", "late", "never_delivered"]) {
      const cell = find("omissions", what, groups, NOW);
      if (cell === undefined) return null;
      parts[what] = isHidden(cell) ? null : cell[place.numerator];
      parts.due = cell[place.denominator];
      if (what === "on_time") parts.cell = cell;
    }
    return parts;
  }

  // --- Elements --------------------------------------------------------------------------------------------

  function make(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "onclick") made.addEventListener("click", value);
      else if (value !== null && value !== undefined) made.setAttribute(name, value);
    }
    for (const child of children) if (child !== null && child !== undefined) made.append(child);
    return made;
  }

  function section(kind, id, title, ...children) {
    return make("section", { class: kind, id: id, "aria-labelledby": id + "-title" }, make("h2", { id: id + "-title" }, title), ...children);
  }

  function table(heads, rows) {
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    return make("div", { class: "scroll", tabindex: "0", role: "group" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
  }

  function go(next) {
    return make.bind(null, "button", { type: "button", onclick: () => choose(next, true) });
  }

  function bar(cell) {
    const value = ratio(cell);
    const box = make("span", { class: "bar", "aria-hidden": "true" });
    if (value !== null) {
      const name = "http://www.w3.org/2000/svg";
      const drawn = document.createElementNS(name, "svg");
      const inside = document.createElementNS(name, "rect");
      drawn.setAttribute("preserveAspectRatio", "none");
      inside.setAttribute("height", "100%");
      inside.setAttribute("width", (100 * value).toFixed(1) + "%");
      drawn.append(inside);
      box.append(drawn);
    }
    return box;
  }

  // --- Parts -----------------------------------------------------------------------------------------------

  function whole() {
    return chosen.unit ? { region_code: chosen.unit } : chosen.department ? { department: chosen.department } : {};
  }

  function tiles() {
    if (!content.measures.some((one) => find("measurements", one, whole(), NOW))) return "";
    const made = content.measures.map((one) => {
      const now = find("measurements", one, whole(), NOW);
      const counts = ratio(now) === null ? "" : say("numerator_of", {
        numerator: number(now[place.numerator]), denominator: number(now[place.denominator]),
      });
      return make("li", { title: texts().definitions[one] },
        make("span", { class: "tile-title" }, texts().measures[one]),
        make("span", { class: "tile-value" }, share(now) || "–"),
        make("span", { class: "tile-basis" }, counts),
        make("span", { class: "tile-basis" }, change(now, find("measurements", one, whole(), BEFORE))));
    });
    return make("ul", { class: "tiles", id: "tiles" }, ...made);
  }

  function picker() {
    const list = make("select", { id: "measure" });
    for (const one of content.measures) {
      list.append(make("option", one === measure ? { value: one, selected: "" } : { value: one }, texts().measures[one]));
    }
    list.addEventListener("change", () => {
      measure = list.value;
      show();
      document.getElementById("measure").focus();
    });
    return make("p", { class: "controls" }, make("label", { for: "measure" }, say("measure") + " "), list);
  }

  function lateDepartments() {
    const rows = content.departments
      .map((code) => ({ code: code, now: find("measurements", measure, { department: code }, NOW) }))
      .filter((one) => one.now !== undefined)
      .sort((a, b) => (ratio(a.now) ?? 2) - (ratio(b.now) ?? 2))
      .map((one) => make("tr", { "data-department": one.code },
        make("th", { scope: "row" }, go({ department: one.code })(texts().departments[one.code])),
        make("td", { class: "number" }, share(one.now), bar(one.now)),
        make("td", { class: "number" }, share(find("measurements", measure, { department: one.code }, BEFORE)))));
    const heads = [say("department"), say("share"), say("period_before")];
    return section("", "late", say("late_departments"), table(heads, rows));
  }

  function unitCell(code) {
    // Of one department only what is due is known by unit.
    if (chosen.item) return (due({ item_code: chosen.item, department: chosen.department, region_code: code }) || {}).cell;
    if (chosen.department) return (due({ department: chosen.department, region_code: code }) || {}).cell;
    return find("measurements", measure, { region_code: code }, NOW);
  }

  function map() {
    const name = chosen.department ? say("on_time") : texts().measures[measure];
    const list = make("ul", { class: "units" });
    const drawn = content.units.map((code) => ({ code: code, at: content.places[code], cell: unitCell(code) }));
    if (!drawn.some((one) => one.cell)) return null;
    drawn.sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
    for (const one of drawn) {
      const item = make("li", {},
        make("button", {
          type: "button", class: shade(one.cell), "data-unit": one.code, "aria-pressed": String(chosen.unit === one.code),
          onclick: () => choose({ unit: one.code }, true),
        }, make("span", { class: "name" }, texts().units[one.code]), make("span", { class: "value" }, share(one.cell) || "–")));
      item.style.gridRow = String(one.at[0]);
      item.style.gridColumn = String(one.at[1]);
      list.append(item);
    }
    return section("", "map", say("map") + ": " + name, list, make("p", { class: "note" }, say("legend")));
  }

  function matters() {
    const shown = content.matters.filter((one) =>
      (!chosen.department || one.department === chosen.department) &&
      (!chosen.item || !one.item_code || one.item_code === chosen.item) &&
      (!chosen.unit || one.region_code === chosen.unit));
    const list = shown.map((one) => {
      const about = { item_code: one.item_code, department: one.department, region_code: one.region_code, detail: one.matter_id };
      const who = [texts().departments[one.department], texts().items[one.item_code], texts().units[one.region_code]].filter(Boolean);
      const counted = ["found", "expected"].map((what) => {
        const cell = find("matters", what, about, NOW);
        return cell === undefined ? "" : isHidden(cell) ? cell[place.marker] : number(cell[place.count]);
      });
      const evidence = say(one.rule === "unusual_volume" ? "instead_of" : "numerator_of", { numerator: counted[0], denominator: counted[1] });
      const name = one.department
        ? go({ department: one.department, ...(one.item_code && content.items.includes(one.item_code) ? { item: one.item_code } : {}) })(who.join(" · "))
        : make("span", {}, who.join(" · "));
      return make("li", { "data-matter": one.matter_id },
        name, make("div", { class: "what" }, texts().rules[one.rule]),
        make("div", {}, say("evidence") + ": " + evidence + "; " + say("since", { day: one.first_seen, state: texts().states[one.state] })));
    });
    const inside = list.length ? make("ul", { class: "matters" }, ...list) : make("p", {}, say("no_matters"));
    return section("", "matters", say("matters") + " (" + number(list.length) + ")",
      make("div", { class: "scroll", tabindex: "0", role: "group" }, inside));
  }

  function months(title, id, rows) {
    return section("half", id, title, table([rows.head, ...content.months.map((one) => texts().months[one])], rows.body),
      make("p", { class: "note" }, say("legend")));
  }

  function monthCells(groups) {
    return content.months.map((month) => {
      const found = due({ ...groups, detail: month });
      if (found === null) return make("td", {}, "");
      return make("td", { class: "number " + shade(found.cell), title: say("days", {
        due: found.due, on_time: found.on_time, late: found.late, never: found.never_delivered,
      }) }, share(found.cell));
    });
  }

  function heat() {
    let rows;
    if (chosen.unit) {
      rows = [make("tr", {}, make("th", { scope: "row" }, texts().units[chosen.unit]), ...monthCells({ region_code: chosen.unit }))];
    } else {
      rows = content.departments
        .filter((code) => !chosen.department || code === chosen.department)
        .filter((code) => content.months.some((month) => due({ department: code, detail: month })))
        .map((code) => make("tr", {}, make("th", { scope: "row" }, go({ department: code })(texts().departments[code])), ...monthCells({ department: code })));
    }
    return months(say("heat"), "heat", { head: chosen.unit ? say("region") : say("department"), body: rows });
  }

  function calendar() {
    const rows = [];
    for (const department of content.departments) {
      if (chosen.department && department !== chosen.department) continue;
      for (const item of content.items) {
        if (chosen.item && item !== chosen.item) continue;
        const groups = { item_code: item, department: department };
        const found = content.months.map((month) => due({ ...groups, detail: month }));
        const bad = found.reduce((sum, one) => sum + (one ? one.late + one.never_delivered : 0), 0);
        if (!bad) continue;
        rows.push({ bad: found.reduce((sum, one) => sum + (one ? one.never_delivered : 0), 0), row: make("tr", { "data-item": item, "data-department": department },
          make("th", { scope: "row" }, go({ department: department, item: item })(texts().items[item]), make("div", {}, chosen.department ? "" : texts().departments[department])),
          ...found.map((one) => make("td", { class: "count " + (one ? shade(one.cell) : ""), title: one ? say("days", {
            due: one.due, on_time: one.on_time, late: one.late, never: one.never_delivered,
          }) : null }, one === null ? "" : one.late + one.never_delivered === 0 ? "✓" :
            [one.never_delivered ? say("never") + " " + one.never_delivered : "", one.late ? say("late") + " " + one.late : ""].filter(Boolean).join(", ")))) });
      }
    }
    rows.sort((a, b) => b.bad - a.bad);
    if (!rows.length) return section("half", "calendar", say("calendar"), make("p", {}, say("nothing")));
    return months(say("calendar"), "calendar", { head: say("item"), body: rows.map((one) => one.row) });
  }

  function assessments() {
    const lines = content.assessments && content.assessments[language];
    if (!lines || !lines.length) return null;
    const rows = lines.map((one) => make("tr", {}, make("th", { scope: "row" }, one.level),
      make("td", { class: "number" }, one.count), make("td", { class: "number" }, one.share)));
    return section("half", "assessments", say("assessments"), table([say("level"), say("organisations"), say("share")], rows));
  }

  function dueTable(id, title, head, lines) {
    const rows = lines.map((one) => make("tr", { "data-code": one.code }, make("th", { scope: "row" }, one.name),
      ...[one.found.due, one.found.on_time, one.found.late, one.found.never_delivered].map((value) => make("td", { class: "number" }, number(value))),
      make("td", { class: "number " + shade(one.found.cell) }, share(one.found.cell))));
    if (!rows.length) return null;
    return section("half", id, title, table([head, say("due"), say("on_time"), say("late"), say("never"), say("share")], rows));
  }

  function worstFirst(lines) {
    return lines.filter((one) => one.found !== null).sort((a, b) => (ratio(a.found.cell) ?? 2) - (ratio(b.found.cell) ?? 2));
  }

  function owedByUnit() {
    const lines = content.departments.flatMap((department) => content.items.map((item) => ({
      code: department + " " + item,
      name: make("span", {}, go({ department: department, item: item })(texts().items[item]), make("div", {}, texts().departments[department])),
      found: due({ item_code: item, department: department, region_code: chosen.unit }),
    })).filter((one) => one.found !== null && one.found.on_time < one.found.due));
    return dueTable("items", say("missing_of_unit"), say("item"), worstFirst(lines));
  }

  function cause() {
    if (chosen.unit) return [owedByUnit()];
    const department = chosen.department;
    const parts = [];
    if (!chosen.item) {
      parts.push(dueTable("items", say("items_of"), say("item"), worstFirst(content.items.map((code) => ({
        code: code, name: go({ department: department, item: code })(texts().items[code]), found: due({ item_code: code, department: department }),
      })))));
    }
    const groups = chosen.item ? { item_code: chosen.item, department: department } : { department: department };
    parts.push(dueTable("units", say(chosen.item ? "units_of_item" : "units_of"), say("region"), worstFirst(content.regions.map((code) => ({
      code: code, name: content.units.includes(code) ? go({ unit: code })(texts().units[code]) : texts().units[code], found: due({ ...groups, region_code: code }),
    })))));
    return parts;
  }

  function isLimited() {
    return Boolean(content.served && content.served.is_limited);
  }

  function path() {
    const names = [chosen.department && texts().departments[chosen.department], chosen.item && texts().items[chosen.item], chosen.unit && texts().units[chosen.unit]].filter(Boolean);
    const made = make("p", { class: "path", id: "path", "aria-live": "polite" }, say("shown", { name: names.join(" › ") || say(isLimited() ? "all_of_yours" : "all_departments") }));
    if (JSON.stringify(chosen) !== JSON.stringify(content.home || {})) {
      made.append(make("button", { type: "button", id: "back", onclick: () => history.back() }, say("back")), go({})(say("show_all")));
    }
    return made;
  }

  function show() {
    document.documentElement.lang = texts().html_lang;
    document.title = texts().title;
    document.getElementById("title").textContent = texts().title;
    const banner = document.getElementById("banner");
    banner.textContent = texts().banner;
    banner.hidden = !texts().banner;
    const report = document.getElementById("report");
    if (report) report.textContent = say("report");
    const other = language === "en" ? "zh_CN" : "en";
    const button = document.getElementById("language");
    button.textContent = { en: "English", zh_CN: "中文" }[other];
    button.lang = content.languages[other].html_lang;
    document.getElementById("stamp").replaceChildren(...texts().stamp.map(([key, value]) => make("li", {}, make("span", {}, key), " " + value)));
    if (!content.cells.length) {
      board.replaceChildren(make("p", {}, say("nothing_of_yours")));
      document.documentElement.dataset.shown = JSON.stringify(chosen);
      window.dispatchEvent(new Event("creditlab:shown"));
      return;
    }
    const isWhole = !chosen.department && !chosen.unit;
    const parts = [...(isWhole ? [lateDepartments()] : cause()), map(), matters(), heat(), chosen.unit ? null : calendar(), isWhole ? assessments() : null];
    board.replaceChildren(path(), tiles(), chosen.department ? "" : picker(), make("div", { class: "board" }, ...parts.filter(Boolean)), make("p", { class: "note" }, say("provisional") + " · [c] " + say("suppressed")));
    document.documentElement.dataset.shown = JSON.stringify(chosen);
    window.dispatchEvent(new Event("creditlab:shown"));
  }

  // --- Choosing: what is chosen stands in the address, so that Back goes back ---------------------------------

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const found = {};
    if (content.departments.includes(asked.get("department"))) found.department = asked.get("department");
    if (found.department && content.items.includes(asked.get("item"))) found.item = asked.get("item");
    if (!found.department && content.units.includes(asked.get("unit"))) found.unit = asked.get("unit");
    // Who sees one department or unit has nothing above it.
    return Object.keys(found).length ? found : { ...content.home };
  }

  function choose(next, isFocused) {
    const address = "#" + new URLSearchParams(next).toString();
    if (address !== location.hash) history.pushState(null, "", address);
    chosen = read();
    show();
    if (isFocused) {
      board.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }

  document.getElementById("language").addEventListener("click", () => {
    language = language === "en" ? "zh_CN" : "en";
    show();
  });
  window.addEventListener("popstate", () => {
    chosen = read();
    show();
  });
  // A served page is given other cells by its session: another quarter.
  window.addEventListener("creditlab:content", (event) => {
    if (!event.detail.cells) return;
    take(event.detail);
    chosen = read();
    show();
  });
  window.creditlabBoard = { content: () => content, texts: texts, say: say };
  chosen = read();
  show();
})();
