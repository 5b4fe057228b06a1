"use strict";
// Keeps an open page true: swaps the parts the hub marks as live, follows the log, draws the meters.
(() => {
  const LINES = 5000, CHARACTERS = 2000000, POINTS = 120;
  const body = document.body, KEPT = "session", before = body.dataset.before || "";

  // The session is kept for this origin, port and all, and is not left in the address bar.
  if (before) {
    localStorage.setItem(KEPT, before);
    history.replaceState(null, "", location.pathname.slice(before.length) + location.search + location.hash);
  } else if (body.dataset.stale) {
    const plain = "/" + location.pathname.split("/").slice(3).join("/");
    localStorage.removeItem(KEPT);
    history.replaceState(null, "", plain + location.search);
  } else if (body.dataset.locked && /^\/s\/[\w-]+$/.test(localStorage.getItem(KEPT) || "")) {
    location.replace(localStorage.getItem(KEPT) + location.pathname + location.search);
    return;
  }

  async function refresh() {
    const answer = await fetch(before + location.pathname + location.search, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (next && next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
    }
    body.dataset.final = fresh.body.dataset.final || "";
  }

  function follow() {
    const log = document.getElementById("log");
    if (!log || !body.dataset.log) return;
    let first = true;
    const pinned = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const source = new EventSource(body.dataset.log);
    let waiting = [], size = 0;
    source.onmessage = (event) => {
      waiting.push(JSON.parse(event.data) + "\n");
      if (waiting.length === 1) requestAnimationFrame(() => {
        const stay = pinned() || first;
        if (first) log.textContent = "";
        first = false;
        log.append(...waiting.map((line) => document.createTextNode(line)));
        size += waiting.reduce((sum, line) => sum + line.length, 0);
        waiting = [];
        while (log.childNodes.length > LINES || (size > CHARACTERS && log.childNodes.length > 1)) {
          size -= log.firstChild.length;
          log.firstChild.remove();
        }
        if (stay) log.scrollTop = log.scrollHeight;
      });
    };
    source.addEventListener("end", () => { source.close(); refresh().catch(() => {}); });
    source.onerror = () => source.close();
  }

  function meter() {
    const where = body.dataset.metrics && !body.dataset.final && document.getElementById("metrics");
    if (!where) return;
    const source = new EventSource(body.dataset.metrics);
    const seen = { cpu: [], memory: [] };
    const draw = (name, value, most, text) => {
      const box = document.getElementById(name);
      seen[name].push(value);
      if (seen[name].length > POINTS) seen[name].shift();
      const top = Math.max(most, ...seen[name]) || 1;
      const points = seen[name].map((one, at) => `${(at / (POINTS - 1)) * 100},${42 - (one / top) * 40}`);
      box.querySelector("polyline").setAttribute("points", points.join(" "));
      box.querySelector("strong").textContent = text;
    };
    source.addEventListener("metric", (event) => {
      where.hidden = false;
      const now = JSON.parse(event.data), mega = 1 << 20;
      draw("cpu", now.cpu_usage_pct, 100, `${now.cpu_usage_pct.toFixed(1)} %`);
      draw("memory", now.memory_used_bytes, 0, `${(now.memory_used_bytes / mega).toFixed(1)} MiB`);
    });
    source.onerror = () => source.close();
  }

  const log = document.getElementById("log");
  if (log) log.scrollTop = log.scrollHeight;
  if (!body.dataset.final) { follow(); meter(); }
  const pause = Number(body.dataset.refresh || 0);
  const again = () => {
    if (pause && !body.dataset.final && !document.hidden) refresh().catch(() => {}).finally(() => setTimeout(again, pause));
    else if (pause && !body.dataset.final) setTimeout(again, pause);
  };
  if (pause) setTimeout(again, pause);
})();
