// Asks once a second, later less often, whether the payment has come; then shows the page anew.
const waiting = document.querySelector("[data-state-url]");
const OFTEN = 1000, SELDOM = 5000, PATIENCE = 120000;
const began = Date.now();

async function ask() {
  try {
    const answer = await fetch(waiting.dataset.stateUrl, { headers: { Accept: "application/json" } });
    if (answer.status === 200) {
      location.reload();
      return;
    }
  } catch {
    // no signal for a moment: the next question may get through
  }
  setTimeout(ask, Date.now() - began < PATIENCE ? OFTEN : SELDOM);
}

if (waiting) setTimeout(ask, OFTEN);
