// Keeps the attendant's pages readable without a signal. The network comes first: what was kept is shown
// only when there is none. What is kept is forgotten on the sign-in page (forget.js).
const PAGES = "attendant-pages", FILES = "attendant-files", PATIENCE = 4000;
const KEPT = /^\/attendant\/(lane\/[^/]+)?$/;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(PAGES).then((pages) => pages.add("/attendant/offline")));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// The page that woke this worker was loaded without it: it names itself and its files.
self.addEventListener("message", (event) => {
  const addresses = event.data.keep ?? [];
  event.waitUntil(Promise.all(addresses.map((address) => keep(new Request(address)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(request));
});

async function keep(request) {
  return remember(request, await fetch(request));
}

async function remember(request, answer) {
  const { pathname, search } = new URL(request.url);
  const name = pathname.startsWith("/static/") ? FILES : KEPT.test(pathname) ? PAGES : "";
  // a search of the list is another page at the same address: only the whole list is kept
  if (name === PAGES && search) return answer;
  if (name && answer.ok && !answer.redirected) {
    await (await caches.open(name)).put(pathname + search, answer.clone());
  }
  return answer;
}

// A changed file has a changed address, so what is kept is never old.
async function file(request) {
  return (await caches.match(request)) ?? keep(request);
}

async function page(request) {
  const { pathname } = new URL(request.url);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    return await remember(request, answer);
  } catch {
    const kept = pathname === "/attendant/lane" ? await anyLane() : await caches.match(pathname);
    return kept ?? (await caches.match("/attendant/offline")) ?? Response.error();
  }
}

// Which lane is only known to the service; without it, any that was open on this phone will do.
async function anyLane() {
  const pages = await caches.open(PAGES);
  const found = (await pages.keys()).find(({ url }) => new URL(url).pathname.startsWith("/attendant/lane/"));
  return found && pages.match(found);
}
