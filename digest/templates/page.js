// Long tables are folded on a telephone; a link into folded text unfolds it.
if (matchMedia("(max-width: 40rem)").matches) {
  for (const fold of document.querySelectorAll("details.fold")) fold.open = false;
}
for (const link of document.querySelectorAll('a[href="#reading"]')) {
  link.addEventListener("click", () => (document.getElementById("how").open = true));
}
