// An attendant in a hurry, as a script in the page: the digits on the pad, then at most two touches on what
// is seen and can be hit; tells how many touches each vehicle took and how long its change took to be seen.
// Before the digits and before the touches the attendant thinks, for so many milliseconds at least and at most.
async function play(plates, [least, most]) {
  const LATEST = 10000;
  const find = (selector) => document.querySelector(selector);
  const moment = () => new Promise((resolve) => setTimeout(resolve, 4));
  const think = () => most && new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)));
  const told = new Map(), shown = [];

  function touch(button) {
    const { left, top, width, height } = button.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    if (!button.contains(hit)) throw new Error(`${button.textContent} cannot be hit`);
    button.click();
  }

  async function until(test, what) {
    const began = performance.now();
    while (!test()) {
      if (performance.now() - began > LATEST) throw new Error(`waited in vain for ${what}`);
      await moment();
    }
    return performance.now() - began;
  }

  // What the lane says of an act that somebody else did first stays until it was seen.
  function listen() {
    for (const row of document.querySelectorAll(".troubles li")) {
      if (told.has(row.dataset.position)) continue;
      told.set(row.dataset.position, row.querySelector("p").textContent);
      touch(row.querySelector("[data-act=seen]"));
    }
  }

  for (const plate of plates) {
    await think();
    listen();
    touch(find("[data-act=clear]"));
    for (const digit of plate.slice(-6).replace(".", "")) touch(find(`.pad [data-digit="${digit}"]`));
    const row = () => find(`.found .hit[data-plate="${plate}"]`), state = () => row()?.dataset.state;
    await until(row, plate);
    await think();
    if (state() === "left") {
      shown.push({ plate, touches: 0, milliseconds: 0 });
      continue;
    }
    const names = state() === "unpaid" ? ["unpaid", "unpaid"] : ["out"];
    for (const name of names) touch(row().querySelector(`[data-act=${name}]`));
    const milliseconds = await until(() => state() === "left", `${plate} to be out`);
    shown.push({ plate, touches: names.length, milliseconds });
  }
  await until(() => !Queue.waiting().length, "everything to be sent");
  listen();
  return { shown, told: [...told.values()] };
}
