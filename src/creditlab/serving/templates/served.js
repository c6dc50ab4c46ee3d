"use strict";
// What only a served page does: another quarter, asked of the kernel; whether there is something newer; whether the session lives.
(function () {
  const EVERY = 10000;
  const board = window.creditlabBoard;
  const base = document.body.dataset.baseUrl;
  const kernel = JSON.parse(document.getElementById("jupyter-config-data").textContent).kernelId;
  const notice = document.getElementById("notice");
  const list = document.getElementById("period");
  let isConnected = false;
  let isUsed = true;

  // Voilà's own program calls these when it has started; here nothing waits for it.
  window.voila_finish = window.voila_process = function () {};

  function fillQuarters() {
    const served = board.content().served;
    const names = board.texts().quarters;
    list.replaceChildren(...served.periods.map((period) => {
      const option = document.createElement("option");
      option.value = period;
      option.textContent = names[period];
      option.selected = period === served.period;
      return option;
    }));
    list.disabled = !isConnected;
    document.querySelector('label[for="period"]').textContent = board.say("quarter");
  }

  function tell(key) {
    if (notice.dataset.key === key && notice.lang === document.documentElement.lang) return;
    notice.dataset.key = key;
    notice.lang = document.documentElement.lang;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = board.say("reload");
    button.addEventListener("click", () => location.reload());
    notice.replaceChildren(board.say(key) + " ", button);
    notice.hidden = false;
  }

  async function look() {
    const served = board.content().served;
    const asked = new URLSearchParams({ kernel: kernel, period: served.period, used: isUsed ? "1" : "0" });
    isUsed = false;
    try {
      const answer = await fetch(base + "state?" + asked, { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 403) return tell("not_allowed");
      if (!answer.ok) return tell("unreachable");
      const state = await answer.json();
      if (!state.is_there) return tell("ended");
      if (state.report_id !== served.report_id || state.newest !== served.periods[0]) return tell("newer");
      if (["unreachable", "newer"].includes(notice.dataset.key)) {
        notice.hidden = true;
        notice.dataset.key = "";
      }
    } catch {
      tell("unreachable");
    }
  }

  list.addEventListener("change", () => window.dispatchEvent(new CustomEvent("creditlab:period", { detail: list.value })));
  window.addEventListener("creditlab:connected", () => {
    isConnected = true;
    document.documentElement.dataset.connected = "true";
    fillQuarters();
  });
  window.addEventListener("creditlab:shown", () => {
    fillQuarters();
    if (notice.dataset.key && !notice.hidden) tell(notice.dataset.key);
  });
  for (const used of ["pointerdown", "keydown"]) window.addEventListener(used, () => { isUsed = true; });
  // Before the next page is asked for: its place may be this one's.
  window.addEventListener("beforeunload", () => {
    fetch(base + "state?" + new URLSearchParams({ kernel: kernel, closed: "1" }), { keepalive: true, credentials: "same-origin" });
  });
  document.getElementById("language").hidden = false;
  fillQuarters();
  look();
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();
