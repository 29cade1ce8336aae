// Draws each table marked data-chart above it, from the numbers in the table: without this script the table is all there
// is, and it says the same. Columns with numbers (data-v) are series, rows are points of the axis.
"use strict";
(() => {
  const COLOURS = {
    light: ["#0b6b4f", "#0a5a8a", "#8a3b00", "#6b3fa0", "#8f1d4b", "#5a5f00", "#006d77", "#4a4a4a", "#a3541a", "#2d4b9b", "#7a2e7a", "#3f6b1f"],
    dark: ["#7fd6b3", "#8cc8f2", "#ffb98a", "#cdb0ff", "#ff9fc0", "#d8dc6a", "#7fdbe4", "#d0d0d0", "#f0b27a", "#a9bdff", "#e6a6e6", "#b4dd8f"],
  };
  const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3]];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const shown = document.documentElement.lang === "vi" ? "vi-VN" : "en-GB";
  const format = new Intl.NumberFormat(shown);

  function read(table) {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows].filter(row => !row.classList.contains("sum"));
    const labels = rows.map(row => row.cells[0].textContent.trim());
    const series = [];
    heads.forEach((head, at) => {
      if (at === 0 || !head.classList.contains("number") || head.hasAttribute("data-no-chart"))
        return;
      const values = rows.map(row => row.cells[at] && row.cells[at].dataset.v !== undefined ? Number(row.cells[at].dataset.v) : null);
      if (values.some(value => value !== null))
        series.push({ label: head.textContent.trim(), values });
    });
    return { labels, series };
  }

  function draw(table, box) {
    const { labels, series } = read(table);
    if (series.length === 0 || labels.length < 2)
      return null;
    const colours = dark.matches ? COLOURS.dark : COLOURS.light;
    const text = style("--quiet"), line = style("--line");
    const bars = table.dataset.chart === "bars";
    const path = bars ? uPlot.paths.bars({ size: [0.7 / series.length, 40], align: 0 }) : undefined;
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
    const width = Math.max(200, box.clientWidth - 20);
    return new uPlot({
      width, height: Math.round(Math.min(420, Math.max(220, width / 3.2))),
      scales: { x: { time: false, range: bars ? [-0.6, labels.length - 0.4] : undefined }, y: { range: (u, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
      axes: [
        { ...axis, space: 110, incrs: [1, 2, 3, 6, 7, 12, 14, 28, 30, 60, 90, 180, 365], values: (u, splits) => splits.map(at => labels[at] ?? "") },
        { ...axis, size: (u, shown) => 24 + 7.5 * Math.max(5, ...(shown ?? []).map(one => one.length)), values: (u, splits) => splits.map(value => format.format(value)) },
      ],
      series: [
        { label: table.tHead.rows[0].cells[0].textContent.trim(), value: (u, at) => at === null ? "" : labels[at] },
        ...series.map((one, at) => ({
          label: one.label, stroke: colours[at % colours.length], width: 2, dash: bars ? [] : DASHES[at % DASHES.length],
          fill: bars ? colours[at % colours.length] : undefined, paths: path, points: { show: !bars && labels.length < 40 },
          value: (u, value) => value === null ? "" : format.format(value),
        })),
      ],
    }, [labels.map((_, at) => at), ...series.map(one => one.values)], box);
  }

  function show(table) {
    const box = document.createElement("div");
    box.className = "chart";
    box.setAttribute("role", "img"); // the table below says the same to who cannot see it
    box.setAttribute("aria-label", table.caption ? table.caption.textContent : "");
    const holder = table.closest(".table") ?? table;
    holder.before(box);
    let chart = draw(table, box);
    if (chart === null) {
      box.remove();
      return;
    }
    let last = box.clientWidth;
    const again = () => {
      chart.destroy();
      chart = draw(table, box);
    };
    new ResizeObserver(() => {
      if (box.clientWidth !== last) {
        last = box.clientWidth;
        again();
      }
    }).observe(box);
    dark.addEventListener("change", again);
  }

  document.querySelectorAll("table[data-chart]").forEach(show);
})();
