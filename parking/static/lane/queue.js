// Every act of the lane goes this way, with a signal or without: written down on the phone, then sent; sent
// again until it is answered. Its id makes sure that it happens once.
const Queue = (() => {
  const MOST = 100, PATIENCE = 8000, REST = 30000;
  const lane = document.getElementById("lane");
  let rows = [], sending = false, again = false, form = "", rest = 0;
  let changed = () => {}, done = () => {};

  const mine = (act) => act.by === lane.dataset.person;
  const unsent = () => rows.filter((act) => mine(act) && !act.outcome);

  // `whenChanged`: something waits, or no longer; `whenDone`: the service says that an act was carried out.
  async function start(whenChanged, whenDone) {
    [changed, done] = [whenChanged, whenDone];
    rows = await Store.acts();
    form = lane.querySelector("[name=csrf_token]").value;
    changed();
  }

  async function add(kind, more) {
    const act = { id: crypto.randomUUID(), kind, at: Date.now(), lot: lane.dataset.lot, by: lane.dataset.person, who: lane.dataset.name, ...more };
    act.position = await Store.keepAct(act);
    rows.push(act);
    changed();
    await flush();
    return act;
  }

  async function drop(act) {
    await Store.dropAct(act.position);
    rows = rows.filter((other) => other !== act);
    changed();
  }

  // One at a time, also where the lane is open in two tabs of this phone.
  async function flush() {
    if (Date.now() < rest || !unsent().length) return;
    if (sending) {
      again = true;
      return;
    }
    sending = true;
    try {
      await (navigator.locks ? navigator.locks.request("lane-acts", send) : send());
    } finally {
      sending = false;
    }
    if (again) {
      again = false;
      await flush();
    }
  }

  async function send() {
    for (let acts = unsent(); acts.length; acts = unsent()) {
      const answers = await post(acts.slice(0, MOST));
      if (!answers) return;
      for (const answer of answers) await settle(answer);
      changed();
    }
  }

  async function post(acts, fresh = false) {
    let answer;
    try {
      answer = await fetch("/attendant/acts", {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": form },
        body: JSON.stringify({ now: Date.now(), acts }),
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      Signal.tell(false);
      return null;
    }
    if (answer.ok) return (await answer.json()).answers;
    if (answer.type === "opaqueredirect") Signal.tell(true, false);
    else if (answer.status === 400 && !fresh && (await freshForm())) return post(acts, true);
    else {
      rest = Date.now() + REST; // not understood, or too busy: no use in asking every second
      Signal.tell(answer.status < 500);
    }
    return null;
  }

  // A page that was kept for long holds an old form: the token of a new one is asked for.
  async function freshForm() {
    const answer = await fetch(location.pathname, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    form = page.querySelector("#lane [name=csrf_token]").value;
    return true;
  }

  async function settle({ id, outcome, text }) {
    const act = rows.find((row) => row.id === id);
    if (!act) return;
    if (outcome === "done") {
      done(act);
      await Store.dropAct(act.position);
      rows = rows.filter((row) => row !== act);
    } else {
      await Store.keepAct(Object.assign(act, { outcome, text }));
    }
  }

  return {
    start, add, drop, flush,
    token: () => form,
    waiting: () => unsent(),
    troubles: () => rows.filter((act) => mine(act) && act.outcome),
    others: () => rows.filter((act) => !mine(act) && !act.outcome),
    leaving: (key) => rows.find((act) => act.key === key && ["exit", "release"].includes(act.kind) && !act.outcome),
  };
})();
