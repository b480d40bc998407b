"use strict";
// Every word that is typed must begin a word of what is found. Texts are set as text, never as markup.
const SHOWN = 60;
const STANCES = [["realist", "●"], ["industrial_collaboration", "■"], ["skeptic", "▲"]];
const field = document.getElementById("words");
const list = document.getElementById("found");
const told = document.getElementById("told");

const split = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const folded = (...texts) => ` ${texts.flatMap(split).join(" ")}`;
const index = JSON.parse(document.getElementById("index").textContent);
const pages = index.pages.map(([title, kind, path, text]) =>
  ({ title, kind, path, text, name: folded(title), words: folded(title, kind, text) }));
const passages = index.passages.map(([text, title, source, day, stance, path, address]) =>
  ({ text, title, source, day, stance, path, address, words: folded(text, title, source) }));

function find() {
  const words = split(field.value);
  const has = (text) => words.length > 0 && words.every((word) => text.includes(` ${word}`));
  const found = [
    ...pages.filter((page) => has(page.name)).map((page) => [pageItem, page]),
    ...passages.filter((passage) => has(passage.words)).map((passage) => [passageItem, passage]),
    ...pages.filter((page) => !has(page.name) && has(page.words)).map((page) => [pageItem, page]),
  ];
  list.replaceChildren(...found.slice(0, SHOWN).map(([item, one]) => item(one, words)));
  told.textContent = words.length === 0 ? "" : found.length === 0 ? "Nothing found."
    : `${found.length} found${found.length > SHOWN ? `, the first ${SHOWN} shown` : ""}.`;
  history.replaceState(null, "", words.length ? `#${new URLSearchParams({ q: field.value })}` : location.pathname);
}

function pageItem(page, words) {
  const item = make("li", "page", link(page.path, page.title), make("small", "", page.kind));
  if (page.kind === "Week") item.append(make("p", "note", ...marked(page.text, words)));
  return item;
}

function passageItem(passage, words) {
  const [stance, sign] = STANCES[passage.stance];
  const mark = make("span", "mark", sign);
  mark.ariaHidden = "true";
  const quote = make("blockquote", "", ...marked(passage.text, words));
  quote.dir = "auto";
  const from = make("small", "", mark, link(passage.path, passage.title || passage.source), ` ${passage.source}, ${passage.day} `);
  if (passage.address) {
    const source = link(passage.address, "source");
    source.rel = "noopener noreferrer nofollow";
    from.append(source);
  }
  return make("li", `voice ${stance}`, quote, from);
}

function make(name, style, ...children) {
  const element = document.createElement(name);
  if (style) element.className = style;
  element.append(...children);
  return element;
}

function link(address, text) {
  const element = make("a", "", text);
  element.href = address;
  return element;
}

function marked(text, words) {
  const begun = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join("|")})`, "giu");
  return text.split(begun).map((part, at) => (at % 2 ? make("mark", "", part) : part));
}

function read() {
  field.value = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  find();
}

document.querySelector("search").hidden = false;
field.addEventListener("input", find);
window.addEventListener("hashchange", read);
read();
field.focus();
