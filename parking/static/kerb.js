// Large keys under the thumb instead of the phone's small ones; the sixth digit signs in.
const pad = document.querySelector(".pad");
const form = pad.closest("form");
const pin = form.elements.pin;
const digits = Number(form.dataset.digits);

pad.hidden = false;
pin.inputMode = "none";

const complete = () => {
  if (pin.value.length === digits) form.requestSubmit();
};
pad.addEventListener("click", (event) => {
  const key = event.target.closest("button");
  if (!key) return;
  if (key.value === "back") {
    pin.value = pin.value.slice(0, -1);
  } else if (pin.value.length < digits) {
    pin.value += key.value;
    complete();
  }
});
pin.addEventListener("input", complete);
