"use strict";
(() => {
  const articles = [...document.querySelectorAll("article[lang]")];
  const links = [...document.querySelectorAll("[data-language]")];

  function show(language) {
    for (const article of articles) article.hidden = article.lang !== language;
    for (const link of links) {
      if (link.dataset.language === language) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    document.documentElement.lang = language;
    const heading = document.querySelector(`article[lang="${language}"] h1`);
    if (heading) document.title = heading.textContent;
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const article = target.closest("article");
    if (article && articles.length > 1) show(article.lang);
    for (let node = target.parentElement; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    if (target.tagName === "ARTICLE") window.scrollTo(0, 0);
    else target.scrollIntoView();
  }

  function keyOf(row, column) {
    const cell = row.cells[column];
    if (!cell) return "";
    const value = cell.dataset.value;
    return value === undefined ? cell.textContent.trim() : value === "" ? null : Number(value);
  }

  function sort(table, column, direction, language) {
    const order = new Intl.Collator(language, { numeric: true });
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
      const keyed = rows.map((row, place) => [keyOf(row, column), place, row]);
      keyed.sort(([a, i], [b, j]) => {
        if (a === null || b === null) return a === b ? i - j : a === null ? 1 : -1;
        const way = typeof a === "number" ? a - b : order.compare(a, b);
        return way === 0 ? i - j : direction * way;
      });
      for (const [, , row] of keyed) body.append(row);
    }
  }

  function sortable(table, article) {
    const head = table.tHead.rows[table.tHead.rows.length - 1];
    [...head.cells].forEach((cell, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = article.dataset.sort.replace("{column}", cell.textContent);
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        const direction = cell.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of head.cells) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
        sort(table, column, direction, article.lang);
      });
    });
  }

  function filterable(table, article) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.classList.contains("group"));
    if (rows.length < 8) return;
    const box = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    box.className = "filter";
    label.textContent = article.dataset.ask;
    input.type = "search";
    count.setAttribute("role", "status");
    label.append(input);
    box.append(label, count);
    table.closest(".scroll").before(box);
    input.addEventListener("input", () => {
      const asked = input.value.trim().toLocaleLowerCase(article.lang);
      let shown = 0;
      for (const body of table.tBodies) {
        let any = false;
        const group = body.querySelector("tr.group");
        const whole = group && group.textContent.toLocaleLowerCase(article.lang).includes(asked);
        for (const row of body.rows) {
          if (row === group) continue;
          row.hidden = !(whole || row.textContent.toLocaleLowerCase(article.lang).includes(asked));
          any = any || !row.hidden;
          shown += row.hidden ? 0 : 1;
        }
        if (group) group.hidden = !any;
      }
      count.textContent = asked ? article.dataset.shown.replace("{shown}", shown).replace("{total}", rows.length) : "";
    });
  }

  for (const article of articles) {
    for (const table of article.querySelectorAll("table")) {
      if (table.hasAttribute("data-sortable")) sortable(table, article);
      filterable(table, article);
    }
  }
  async function copy(text, status, article) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    status.textContent = article.dataset.copied;
    setTimeout(() => { status.textContent = ""; }, 4000);
  }

  function copier(place, name, article, text) {
    const button = document.createElement("button");
    const status = document.createElement("span");
    button.type = "button";
    button.textContent = name;
    status.setAttribute("role", "status");
    button.addEventListener("click", () => copy(text(), status, article));
    const box = document.createElement("p");
    box.className = "copy";
    box.append(button, " ", status);
    place.append(box);
  }

  for (const article of articles) {
    const cite = article.querySelector(".cite");
    if (!cite) continue;
    const said = (node) => node.textContent.replace(/\s+/g, " ").trim();
    copier(article.querySelector("header"), article.dataset.copy, article, () => said(cite));
    for (const card of article.querySelectorAll(".callout")) {
      const link = card.querySelector(".more a");
      if (!link) continue;
      const lines = [...card.querySelectorAll("p:not(.badge):not(.more)")].map(said).join(" ");
      const name = said(card.querySelector("h3"));
      const id = decodeURIComponent(link.hash.slice(1)).replace(/^[a-z]{2}:/, "");
      copier(card, article.dataset.quote, article, () => `${name}: ${lines} (${id}) ${said(cite)}`);
    }
  }
  if (articles.length > 1) {
    show(articles[0].lang);
    for (const link of links) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        show(link.dataset.language);
        history.replaceState(null, "", link.getAttribute("href"));
        window.scrollTo(0, 0);
      });
    }
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const item of closed) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of closed) item.open = false;
  });
})();
