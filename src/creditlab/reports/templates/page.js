"use strict";
// Draws the page's charts from the data beside them, in the page's own colours.
(function () {
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  // Labels hold three entities only (charts.py); a cut must not fall inside one.
  function clipped(label, width) {
    const text = label.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
    let used = 0;
    let kept = "";
    for (const sign of text) {
      used += sign.codePointAt(0) > 0x2e80 ? 2 : 1;
      if (used > width) {
        kept += "…";
        break;
      }
      kept += sign;
    }
    return kept.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  }

  function dressed(figure, width) {
    const ink = colour("--ink");
    const line = colour("--line");
    const isNarrow = width < 520;
    const axis = { gridcolor: line, linecolor: line, tickfont: { color: ink } };
    const rows = figure.layout.yaxis.categoryarray;
    const labels = rows ? { tickvals: rows, ticktext: rows.map((row) => clipped(row, isNarrow ? 18 : 44)) } : {};
    // Days have no steps of 20; how many of their marks fit is left to the chart.
    const isShare = !figure.layout.xaxis.type;
    const scale = isShare ? { dtick: isNarrow ? 50 : 20, tickangle: 0 } : { nticks: isNarrow ? 4 : 8 };
    const layout = Object.assign({}, figure.layout, {
      font: Object.assign({}, figure.layout.font, { color: ink, size: isNarrow ? 12 : 13 }),
      xaxis: Object.assign({}, figure.layout.xaxis, axis, scale),
      yaxis: Object.assign({}, figure.layout.yaxis, axis, labels),
    });
    return { data: figure.data, layout: layout };
  }

  // A revision that was copied away without its shelf has no library beside it: the still images are shown instead.
  if (typeof Plotly === "undefined") {
    document.getElementById("without-program").hidden = false;
    for (const place of document.querySelectorAll(".chart")) {
      const still = place.parentElement.querySelector("noscript").textContent;
      place.replaceWith(new DOMParser().parseFromString(still, "text/html").querySelector("img"));
    }
    return;
  }

  const settings = { responsive: true, displayModeBar: false };
  const charts = [];
  for (const source of document.querySelectorAll("script[data-chart]")) {
    charts.push({
      place: document.getElementById(source.dataset.chart),
      figure: JSON.parse(source.textContent),
    });
  }

  function draw() {
    for (const chart of charts) {
      const made = dressed(chart.figure, chart.place.clientWidth);
      Plotly.react(chart.place, made.data, made.layout, settings);
    }
    document.documentElement.dataset.charts = String(charts.length);
  }

  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.matchMedia("(max-width: 40rem)").addEventListener("change", draw);
})();
