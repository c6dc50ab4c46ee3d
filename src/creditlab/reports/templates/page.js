"use strict";
// Draws the page's charts from the data beside them, in the page's own colours.
(function () {
  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function dressed(figure) {
    const ink = colour("--ink");
    const line = colour("--line");
    const axis = { gridcolor: line, linecolor: line, tickfont: { color: ink }, automargin: true };
    const layout = Object.assign({}, figure.layout, {
      font: Object.assign({}, figure.layout.font, { color: ink }),
      xaxis: Object.assign({}, figure.layout.xaxis, axis),
      yaxis: Object.assign({}, figure.layout.yaxis, axis),
    });
    return { data: figure.data, layout: layout };
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
      const made = dressed(chart.figure);
      Plotly.react(chart.place, made.data, made.layout, settings);
    }
    document.documentElement.dataset.charts = String(charts.length);
  }

  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
