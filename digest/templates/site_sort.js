"use strict";
// Heads of a table become buttons that sort it. Without this script a table is in its author's order.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const first = [...body.rows];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const numbers = first.some((row) => row.cells[at]?.dataset.value);
      const begin = numbers ? "descending" : "ascending";
      const other = numbers ? "ascending" : "descending";
      const order = head.getAttribute("aria-sort") === begin ? other : begin;
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      body.append(...[...first].sort((one, two) => compare(value(one, at), value(two, at), order)));
    });
  });
}

function value(row, at) {
  const cell = row.cells[at];
  if (!cell || cell.colSpan > 1) return "";
  const told = cell.dataset.value ?? cell.textContent.trim();
  return told !== "" && Number.isFinite(Number(told)) ? Number(told) : told;
}

// What is blank stays last in either order; sort keeps the author's order among equals.
function compare(one, two, order) {
  if (one === "" || two === "") return (one === "") - (two === "");
  const by = typeof one === "number" && typeof two === "number" ? one - two : String(one).localeCompare(String(two), "en");
  return order === "ascending" ? by : -by;
}
