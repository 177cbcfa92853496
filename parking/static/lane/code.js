// The code held out to a driver: white, as large as the phone, with the plate it belongs to. It belongs to
// one vehicle and goes away by itself: when that one has paid, when another is served, after a minute, and
// when the phone is put away.
const Code = (() => {
  const SHOWN = 60000;
  const lane = document.getElementById("lane");
  const part = (name) => lane.querySelector(`[data-part="sheet-${name}"]`);
  const sheet = lane.querySelector('[data-part="sheet"]');
  let shown = "", timer, awake, listener = () => {};

  function start(onClose) {
    listener = onClose;
    sheet.querySelector('[data-act="next"]').addEventListener("click", hide);
    sheet.addEventListener("close", hide);
    document.addEventListener("visibilitychange", () => document.hidden && hide());
  }

  async function show(vehicle, words, amount) {
    hide();
    shown = vehicle.key;
    part("plate").textContent = vehicle.plate;
    part("amount").textContent = amount(vehicle.due);
    fill("", "");
    sheet.showModal();
    timer = setTimeout(hide, SHOWN);
    keepAwake();
    const told = await ask(vehicle.key);
    if (shown !== vehicle.key) return; // another vehicle was chosen meanwhile
    if (told?.kind === "settled") hide();
    else if (told) fillIn(told, words, amount);
    else fill(lane.querySelector('template[data-part="sign"]').innerHTML, words("sign", vehicle));
  }

  function fillIn(told, words, amount) {
    const payee = told.payee ? ` · ${told.payee} · ${told.bank}` : "";
    part("amount").textContent = amount(told.amount);
    fill(told.svg, words(told.kind) + payee);
  }

  function fill(svg, words) {
    const code = svg && new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    part("code").replaceChildren(...(code ? [document.importNode(code, true)] : []));
    part("words").textContent = words;
  }

  async function ask(key) {
    try {
      const answer = await fetch(`/attendant/lane/${lane.dataset.lot}/code`, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": Queue.token() },
        body: new URLSearchParams({ key }),
        redirect: "manual",
        signal: AbortSignal.timeout(8000),
      });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  function hide() {
    clearTimeout(timer);
    awake?.release();
    awake = null;
    fill("", "");
    if (!shown) return;
    shown = "";
    if (sheet.open) sheet.close();
    listener();
  }

  async function keepAwake() {
    awake = await navigator.wakeLock?.request("screen").catch(() => null);
  }

  return { start, show, hide, shown: () => shown };
})();
