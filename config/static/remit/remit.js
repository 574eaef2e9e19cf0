// Remit's own script: keys, menus, one submit per form. Every page works without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element && element.getClientRects().length > 0;

  // Keys. `data-key="a"` on a control lets the key move the focus there; it never presses a button.
  const places = { w: "/", l: "/library/", r: "/requests/" };
  let leading = 0;

  const rows = () => all("[data-row], .rows > li .row-title, .data > tbody > tr .title").filter(shown);

  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const here = list.findIndex((row) => row === document.activeElement || row.closest("li, tr")?.contains(document.activeElement));
    const next = list[Math.min(list.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : list.length - 1) : here + by))];
    next.focus();
  };

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") && !target.matches("[type=checkbox], [type=radio], [type=range]");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = all("details.menu[open], .clause-more[open]").pop();
      if (open) {
        open.open = false;
        find("summary", open).focus();
      }
      return;
    }
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (leading && Date.now() - leading < 1500 && places[key]) {
      leading = 0;
      location.assign(places[key]);
    } else if (key === "g") {
      leading = Date.now();
      return;
    } else if (key === "/") {
      const field = [find("#q"), find("#quick")].find(shown);
      if (!field) return;
      field.focus();
      field.select();
    } else if (key === "j" || key === "k") {
      step(key === "j" ? 1 : -1);
    } else if (key === "?") {
      location.assign("/keys/");
    } else if (key === "c" && shown(find("a[data-key=c]"))) {
      location.assign(find("a[data-key=c]").href);
    } else if (/^[a-z]$/.test(key) && shown(find(`[data-key=${key}]`))) {
      find(`[data-key=${key}]`).focus();
    } else {
      leading = 0;
      return;
    }
    leading = 0;
    event.preventDefault();
  });

  // A menu closes when the pointer goes elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open], .clause-more[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // One submit per form: the second press of a slow page does nothing. A changed form asks before it is left.
  let changed = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-guard]")) changed = true;
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    changed = false;
    if (form.method !== "post" || form.hasAttribute("data-hx-post") || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    else {
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 8000);
    }
  });
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // Copying: `data-copy` holds the text, or an address beginning with # or /.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    event.preventDefault();
    const text = button.dataset.copy;
    await navigator.clipboard.writeText(/^[#/]/.test(text) ? new URL(text, location.href).href : text);
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = words), 2000);
  });

  // A form with `data-autosubmit` sends itself when a choice changes; its button stays for those without script.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select, [type=checkbox], [type=radio], [type=date]")) form.requestSubmit();
  });

  // Focus goes to what went wrong, and to the heading of a part that htmx put in place of the page.
  find("[data-focus]")?.focus();
  document.addEventListener("htmx:afterSwap", (event) => {
    const place = event.target.matches?.("[data-focus]") ? event.target : find("[data-focus]", event.target);
    if (place) {
      place.tabIndex = -1;
      place.focus();
    }
  });
})();
