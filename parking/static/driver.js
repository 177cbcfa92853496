// Asks once a second, much later less often, whether the payment has come; then shows the page anew.
// Nobody asks while the page is out of sight; whoever comes back from a bank's app asks at once.
const waiting = document.querySelector("[data-state-url]");
const OFTEN = 1000, SELDOM = 5000, PATIENCE = 600000;
let began = Date.now(), next;

function later() {
  clearTimeout(next);
  if (!document.hidden) next = setTimeout(ask, Date.now() - began < PATIENCE ? OFTEN : SELDOM);
}

async function ask() {
  clearTimeout(next);
  try {
    const answer = await fetch(waiting.dataset.stateUrl, { headers: { Accept: "application/json" } });
    if (answer.status === 200) {
      location.reload();
      return;
    }
  } catch {
    // no signal for a moment: the next question may get through
  }
  later();
}

if (waiting) {
  later();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    began = Date.now();
    ask();
  });
}
