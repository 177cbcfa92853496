// Every vehicle of the lot, as the service last told it. Digits are answered from here, so that nobody
// waits for the network; what is new comes every 0.7 seconds, everything again every minute.
const Signal = {
  there: navigator.onLine,
  known: true, // somebody is signed in
  listener() {},
  tell(there, known = true) {
    const before = `${this.there}${this.known}`;
    Object.assign(this, { there, known });
    if (before !== `${there}${known}`) this.listener();
  },
};

const Vehicles = (() => {
  const OFTEN = 700, SELDOM = 3000, ANEW = 60000, KEEP = 5000, PATIENCE = 8000, DIGITS = 8;
  const lane = document.getElementById("lane"), lot = lane.dataset.lot;
  let all = new Map(), moment = "", synced = 0, fetched = 0, kept = 0, skew = 0, late = null, timer;
  let listener = () => {}, watched = () => [];
  const leftHere = new Map(); // by this phone: what the lot is asked before that knows nothing of it

  async function start(onChange, watch) {
    [listener, watched] = [onChange, watch];
    const list = await Store.list(lot);
    if (list && list.by === lane.dataset.person) {
      all = new Map(list.vehicles.map((vehicle) => [vehicle.key, vehicle]));
      ({ synced, skew } = list);
      listener();
    }
    document.addEventListener("visibilitychange", look);
    addEventListener("online", look);
    await look();
  }

  function later() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, Signal.there ? OFTEN : SELDOM);
  }

  async function look() {
    clearTimeout(timer);
    const anew = !moment || Date.now() - fetched > ANEW, asked = performance.now();
    const told = await ask(anew ? "list" : `changes?since=${moment}&watch=${watched().join(",")}`);
    if (told) {
      take(told, anew, asked);
      Queue.flush();
      if (anew) await askBank();
    }
    later();
  }

  // Whether the bank's messages are late is asked as seldom as the whole list.
  async function askBank() {
    const told = await ask("bank");
    if (told && told.late !== late) {
      ({ late } = told);
      listener();
    }
  }

  async function ask(what) {
    try {
      const answer = await fetch(`/attendant/lane/${lot}/${what}`, {
        headers: { Accept: "application/json" }, redirect: "manual", signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.ok) return await answer.json();
      moment = ""; // whatever was wrong with the question: begin again
      Signal.tell(answer.status < 500, answer.type !== "opaqueredirect" && answer.status !== 403);
    } catch {
      Signal.tell(false);
    }
    return null;
  }

  function take(told, anew, asked) {
    const found = rows(told), before = all;
    for (const vehicle of found) if (leftHere.get(vehicle.key) > asked) vehicle.left ??= before.get(vehicle.key)?.left;
    if (anew) all = new Map();
    for (const vehicle of found) all.set(vehicle.key, vehicle);
    ({ moment } = told);
    [synced, skew] = [told.now, told.now - Date.now()];
    if (anew) fetched = Date.now();
    Signal.tell(true);
    if (found.length || anew) listener();
    keep(anew);
  }

  // The service has just said that it let a vehicle out: seen at once, not with the next question.
  function leave(key, when, by) {
    const vehicle = all.get(key);
    if (!vehicle) return;
    leftHere.set(key, performance.now());
    vehicle.left = { when: when + skew, by };
    listener();
  }

  function keep(anew) {
    if (!anew && Date.now() - kept < KEEP) return;
    kept = Date.now();
    Store.keepList({ lot, by: lane.dataset.person, vehicles: [...all.values()], synced, skew });
  }

  // The service sends columns, which are smaller than a list for each vehicle.
  function rows(told) {
    const left = new Map(told.left.map(([at, when, by]) => [at, { when, by }]));
    const passes = new Map(told.pass);
    let entry = 0;
    return told.plate.map((plate, at) => ({
      key: told.key.slice(at * DIGITS, (at + 1) * DIGITS),
      plate,
      letters: letters(plate),
      entry: (entry += told.entry[at]) * 1000,
      vehicle: told.classes[told.class[at]],
      state: told.states[told.state[at]],
      due: told.due[at],
      doubtful: Boolean(told.marks[at] & 2),
      claimed: Boolean(told.marks[at] & 4),
      card: Boolean(told.marks[at] & 8),
      pass: passes.get(at),
      left: left.get(at),
    }));
  }

  const letters = (plate) => plate.toUpperCase().replaceAll("Đ", "D").replace(/[^A-Z0-9]/g, "");

  // Vehicles taken in without a signal: nobody but this phone knows them yet.
  const unsent = () =>
    Queue.waiting().filter((act) => act.kind === "enter" && act.lot === lot).map((act) => ({
      key: "", plate: act.plate, letters: letters(act.plate), entry: act.at, vehicle: act.vehicle, state: "unsent", due: 0,
    }));

  // Those inside and, at the end, those that left just now; the newest first.
  function ending(digits) {
    const fitting = [...unsent(), ...all.values()].filter((vehicle) => vehicle.letters.endsWith(digits));
    const inside = fitting.filter((vehicle) => !vehicle.left), gone = fitting.filter((vehicle) => vehicle.left);
    inside.sort((one, other) => other.entry - one.entry);
    gone.sort((one, other) => other.left.when - one.left.when);
    return { inside, gone };
  }

  return {
    start, look, leave, ending,
    get: (key) => all.get(key),
    inside: () => [...all.values()].filter((vehicle) => !vehicle.left).length,
    synced: () => synced,
    bankLate: () => late,
    now: () => Date.now() + skew,
  };
})();
