// The page is whole without this: it adds searching, copying, and opening what a link leads to.
const input = document.querySelector("#search");
const found = document.querySelector("output");
const entries = [...document.querySelectorAll("[data-search]")];
const sections = [...document.querySelectorAll("main > section")];
const links = [...document.querySelectorAll("nav a")];

function search() {
  const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const entry of entries) {
    const text = entry.dataset.search.toLowerCase();
    entry.hidden = !words.every((word) => text.includes(word));
    if (!entry.hidden) count += 1;
  }
  for (const section of sections) {
    const own = [...section.querySelectorAll("[data-search]")];
    section.hidden = words.length > 0 && own.every((entry) => entry.hidden);
  }
  for (const link of links) {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    const item = link.closest("li") ?? link.closest("nav > *");
    item.hidden = target === null || target.hidden || target.closest("section[hidden]") !== null;
  }
  found.textContent = words.length === 0 ? "" : count === 1 ? "1 match" : `${count} matches`;
}

function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  if (target.hidden || target.closest("[hidden]") !== null) {
    input.value = "";
    search();
  }
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}

function isTyping(target) {
  return target.closest("input, textarea, select") !== null;
}

document.querySelector(".search").hidden = false;
input.addEventListener("input", search);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !isTyping(event.target)) {
    event.preventDefault();
    input.focus();
  }
  if (event.key === "Escape" && event.target === input) {
    input.value = "";
    search();
  }
});
// Pages that came over plain HTTP may not write to the clipboard.
for (const button of navigator.clipboard === undefined ? [] : document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = button.closest("figure").querySelector("code").textContent;
    navigator.clipboard.writeText(text).then(
      () => say(button, "Copied"),
      () => say(button, "Not allowed"),
    );
  });
}

function say(button, text) {
  button.textContent = text;
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

window.addEventListener("hashchange", open);
open();
