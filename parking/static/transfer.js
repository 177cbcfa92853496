// Copies what a bank application asks for, and lets the page grow old: the help for whoever waits
// longer than usual appears, and a code whose time ran out goes.
const told = document.querySelector("[data-told]");

async function copy({ currentTarget: button }) {
  const { copy: text, copied, done } = button.dataset;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling); // then copied by hand
    return;
  }
  const label = button.textContent;
  if (label === done) return;
  told.textContent = copied;
  button.textContent = done;
  button.classList.add("done");
  setTimeout(() => {
    told.textContent = "";
    button.textContent = label;
    button.classList.remove("done");
  }, 2500);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", copy);
}

const slow = document.querySelector("[data-slow-in]");
if (slow) setTimeout(() => { slow.hidden = false; }, slow.dataset.slowIn * 1000);

const open = document.querySelector("[data-over-in]");
if (open) setTimeout(() => location.reload(), open.dataset.overIn * 1000);
