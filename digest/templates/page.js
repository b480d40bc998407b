// A link into folded text unfolds it.
for (const link of document.querySelectorAll('a[href="#reading"]')) {
  link.addEventListener("click", () => (document.getElementById("how").open = true));
}
