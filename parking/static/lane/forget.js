// Nobody is signed in here: the phone forgets the vehicles it was shown. Acts that were not sent yet stay:
// they hold what nobody else knows, and go out when the same person signs in again.
if (window.caches) for (const name of ["attendant-pages", "attendant-files"]) caches.delete(name);
Store.forget();
