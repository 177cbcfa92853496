// The list stays fresh while nobody is typing: paid and unpaid change without a touch.
const EVERY = 15000;
const search = document.getElementById("q");

setInterval(() => {
  const typing = document.activeElement === search || search.value !== search.defaultValue;
  if (!document.hidden && !typing && navigator.onLine) location.reload();
}, EVERY);
