// The lane as it is seen and touched: digits, the vehicles they fit, and at most two touches more.
(() => {
  const MOST = 40, WAITS = 30 * 60000, TEN_MINUTES = 600000;
  const lane = document.getElementById("lane");
  const part = (name) => lane.querySelector(`[data-part="${name}"]`);
  const word = (name, parts = {}) =>
    lane.dataset[`word${name[0].toUpperCase()}${name.slice(1)}`].replace(/%\((\w+)\)s/g, (_, key) => parts[key]);
  const amount = (due) => `${due.toLocaleString(lane.dataset.language)} ₫`;
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
  const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
  const time = (at) => {
    const today = day.format(at) === day.format(Vehicles.now());
    return today ? clock.format(at) : `${clock.format(at)} ${day.format(at)}`;
  };
  let typed = "", chosen = "", sure = "", waiting = new Map();

  // What is shown of one vehicle -------------------------------------------------------------------

  function stateOf(vehicle) {
    const act = Queue.leaving(vehicle.key);
    if (act) return ["waiting", word("leaving", { time: time(act.at) })];
    if (vehicle.left) return ["neutral", word("gone", { time: time(vehicle.left.when), name: vehicle.left.by })];
    if (vehicle.claimed && vehicle.due) return ["waiting", `${word("claimed")} · ${amount(vehicle.due)}`];
    if (vehicle.due) return ["unpaid", `${word(vehicle.state)} · ${amount(vehicle.due)}`];
    if (vehicle.state === "unsent") return ["waiting", word("unsent")];
    return ["paid", word(vehicle.state, { time: vehicle.pass })];
  }

  function acts(vehicle, alone) {
    if (Queue.leaving(vehicle.key)) return [];
    if (vehicle.left) return Vehicles.now() - vehicle.left.when < TEN_MINUTES ? ["undo"] : [];
    const out = vehicle.card ? "card" : "out", papers = vehicle.card ? ["papers"] : [];
    if (!vehicle.due) return alone && vehicle.key ? [out, ...papers, "more"] : [out];
    return alone ? ["code", "release", "unpaid", "more"] : ["code"];
  }

  function paint(row, vehicle) {
    const [kind, text] = stateOf(vehicle);
    row.dataset.key = vehicle.key;
    row.dataset.plate = vehicle.plate;
    row.dataset.state = vehicle.left ? "left" : Queue.leaving(vehicle.key) ? "leaving" : vehicle.state;
    row.classList.add(kind);
    row.querySelector(".badge").classList.add(kind);
    row.querySelector(".badge").textContent = text;
    row.querySelector(".plate").replaceChildren(...parts(vehicle.plate));
    return row;
  }

  // The typed digits are alike in every row: what tells the vehicles apart stands out.
  function parts(plate) {
    let at = plate.length;
    for (let left = typed.length; left && at; ) if (/[0-9A-ZĐ]/i.test(plate[--at])) left -= 1;
    const alike = document.createElement("span");
    alike.className = "alike";
    alike.textContent = plate.slice(at);
    return [plate.slice(0, at), alike];
  }

  function hit(vehicle, alone) {
    const row = paint(copy("row"), vehicle), offered = acts(vehicle, alone);
    row.querySelector("small").textContent = word("entry", { time: time(vehicle.entry) });
    for (const button of row.querySelectorAll(".hit-acts [data-act]")) button.hidden = !offered.includes(button.dataset.act);
    row.querySelector('[data-act="more"]').href = `/attendant/lane/${lane.dataset.lot}/more/${vehicle.key}`;
    if (sure === vehicle.key) row.querySelector('[data-act="unpaid"]').textContent = word("sure", { amount: amount(vehicle.due) });
    return row;
  }

  const copy = (name) => lane.querySelector(`template[data-part="${name}"]`).content.firstElementChild.cloneNode(true);

  // Only what changed is drawn again: a thumb on its way to a button must still find it there.
  function put(name, rows) {
    const list = part(name), drawn = rows.map((row) => row.outerHTML).join("");
    if (list.drawn === drawn) return;
    list.drawn = drawn;
    list.replaceChildren(...rows);
  }

  // The screen -------------------------------------------------------------------------------------

  function render() {
    part("typed").textContent = typed || word("start");
    part("typed").classList.toggle("blank", !typed);
    const { inside, gone } = typed ? Vehicles.ending(typed) : picked();
    const alone = inside.length === 1 || (!typed && inside.length + gone.length === 1);
    put("found", [...inside, ...gone].slice(0, MOST).map((vehicle) => hit(vehicle, alone)));
    part("told").textContent = tell(inside.length, gone.length);
    renderNews();
  }

  function picked() {
    const vehicle = Vehicles.get(chosen);
    return { inside: vehicle && !vehicle.left ? [vehicle] : [], gone: vehicle?.left ? [vehicle] : [] };
  }

  function tell(count, gone) {
    if (!typed) return "";
    const parts = { count, digits: typed };
    if (!count) return gone ? "" : word("none", parts);
    return count === 1 ? "" : word(count > 6 ? "many" : "some", parts);
  }

  function renderNews() {
    const count = Queue.waiting().length, queue = count ? ` ${word("waiting", { count })}` : "";
    const listed = Vehicles.synced() ? time(Vehicles.synced()) : "—";
    const banner = Signal.there ? "" : word("offline", { time: listed }) + queue;
    show("offline", Signal.known ? banner : word("signedOut") + queue);
    const late = Signal.there && Vehicles.bankLate();
    show("late", late ? word("bankLate", { time: time(late) }) : "");
    const [other] = Queue.others();
    show("others", other ? word("others", { count: Queue.others().length, name: other.who }) : "");
    part("fresh").textContent = word("fresh", { count: Vehicles.inside(), time: listed });
    put("troubles", Queue.troubles().map(trouble));
    put("strip", [...waiting.keys()].filter((key) => typed || key !== chosen).map((key) => chip(Vehicles.get(key))).filter(Boolean));
  }

  function show(name, text) {
    part(name).hidden = !text;
    part(name).textContent = text;
  }

  function trouble(act) {
    const row = copy("trouble");
    row.dataset.position = act.position;
    row.querySelector("p").textContent = act.text;
    return row;
  }

  function chip(vehicle) {
    if (!vehicle || vehicle.left) return null;
    const row = paint(copy("chip"), vehicle);
    row.querySelector('[data-act="out"]').hidden = vehicle.due > 0 || vehicle.card;
    return row;
  }

  // A change that came from the service: who paid is shown at once, and nobody's code stays.
  function changed() {
    for (const [key, since] of waiting) {
      const vehicle = Vehicles.get(key);
      if (!vehicle || vehicle.left || Date.now() - since > WAITS) waiting.delete(key);
    }
    const shown = Vehicles.get(Code.shown());
    if (Code.shown() && (!shown || shown.left || !shown.due)) {
      if (!typed) chosen = Code.shown();
      Code.hide();
    }
    render();
  }

  // What is touched --------------------------------------------------------------------------------

  function type(next) {
    [typed, chosen, sure] = [next.slice(0, 8), "", ""];
    Code.hide();
    render();
  }

  const does = {
    clear: () => type(""),
    back: () => type(typed.slice(0, -1)),
    choose(vehicle) {
      [typed, chosen, sure] = ["", vehicle.key, ""];
      if (vehicle.due && waiting.has(vehicle.key)) does.code(vehicle);
      render();
    },
    code(vehicle) {
      waiting.set(vehicle.key, Date.now());
      [typed, chosen, sure] = ["", "", ""];
      render();
      Code.show(vehicle, (name, parts) => word(name, parts), amount);
    },
    out: (vehicle) => leave(vehicle),
    card: (vehicle) => leave(vehicle, { proof: "card" }),
    papers: (vehicle) => leave(vehicle, { proof: "papers" }),
    release: (vehicle) => leave(vehicle, proofOf(vehicle), "release"),
    unpaid(vehicle) {
      if (sure === vehicle.key) leave(vehicle, { unpaid: true, ...proofOf(vehicle) });
      else sure = vehicle.key;
      render();
    },
    undo: (vehicle) => act("undo", vehicle),
    forget(vehicle) {
      waiting.delete(vehicle.key);
      render();
    },
  };

  // A card that was given out comes back with the vehicle; where it does not, the check screen asks why.
  const proofOf = (vehicle) => (vehicle.card ? { proof: "card" } : {});

  function leave(vehicle, more = {}, kind = "exit") {
    waiting.delete(vehicle.key);
    [typed, chosen, sure] = ["", vehicle.key, ""];
    act(kind, vehicle, more);
  }

  async function act(kind, vehicle, more = {}) {
    await Queue.add(kind, { key: vehicle.key, plate: vehicle.plate, vehicle: vehicle.vehicle, ...more });
    await Vehicles.look();
  }

  function touched({ target }) {
    const button = target.closest("button");
    if (!button) return;
    const { digit, act: name, mode } = button.dataset, row = button.closest("[data-key]");
    if (digit) type(typed + digit);
    else if (mode) turn(mode);
    else if (name === "seen") seen(Number(button.closest("[data-position]").dataset.position));
    else if (row) does[name](vehicleOf(row));
    else does[name]?.();
  }

  const vehicleOf = ({ dataset }) =>
    Vehicles.get(dataset.key) ?? Vehicles.ending("").inside.find((vehicle) => vehicle.plate === dataset.plate);

  const seen = (position) => Queue.drop(Queue.troubles().find((act) => act.position === position));

  function turn(mode) {
    for (const button of lane.querySelectorAll("[data-mode]")) button.setAttribute("aria-pressed", button.dataset.mode === mode);
    for (const panel of lane.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== mode;
  }

  function key(event) {
    if (event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) type(typed + event.key);
    else if (event.key === "Backspace") does.back();
    else if (event.key === "Escape") does.clear();
  }

  async function enter(event) {
    event.preventDefault();
    const { plate, vehicle } = event.target.elements;
    const known = plate.value.trim().toUpperCase();
    await Queue.add("enter", { plate: known, vehicle: vehicle.value });
    part("entered").textContent = word("entered", { plate: known });
    plate.value = "";
    plate.focus();
    await Vehicles.look();
  }

  async function keepPage() {
    if (!navigator.serviceWorker) return;
    try {
      await navigator.serviceWorker.register(lane.dataset.worker);
    } catch {
      return; // the signal went meanwhile: what was kept before still is
    }
    const { active } = await navigator.serviceWorker.ready;
    const files = [...document.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")];
    active.postMessage({ keep: [location.pathname, "/attendant/", ...files.map((file) => file.src || file.href)] });
  }

  async function start() {
    lane.addEventListener("click", touched);
    addEventListener("keydown", key);
    lane.querySelector("form").addEventListener("submit", enter);
    addEventListener("offline", () => Signal.tell(false));
    Signal.listener = render;
    Code.start(render);
    await Queue.start(render, ({ kind, key, at, who }) => ["exit", "release"].includes(kind) && Vehicles.leave(key, at, who));
    render();
    await Vehicles.start(changed, () => [...waiting.keys(), chosen].filter(Boolean));
    if (Signal.there) await keepPage();
  }

  start();
})();
