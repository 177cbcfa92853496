// What this phone keeps: the list of each lot it was shown, and acts that nobody has confirmed yet.
const Store = (() => {
  const LISTS = "lists", ACTS = "acts";

  const opened = new Promise((resolve, reject) => {
    const asked = indexedDB.open("lane", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(LISTS, { keyPath: "lot" });
      asked.result.createObjectStore(ACTS, { keyPath: "position", autoIncrement: true });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

  // Resolves once it is on the disk, with what `work` asked for.
  async function run(store, mode, work) {
    const transaction = (await opened).transaction(store, mode, { durability: "strict" });
    const asked = work(transaction.objectStore(store));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }

  return {
    list: (lot) => run(LISTS, "readonly", (lists) => lists.get(lot)),
    keepList: (list) => run(LISTS, "readwrite", (lists) => lists.put(list)),
    acts: () => run(ACTS, "readonly", (acts) => acts.getAll()),
    keepAct: (act) => run(ACTS, "readwrite", (acts) => acts.put(act)),
    dropAct: (position) => run(ACTS, "readwrite", (acts) => acts.delete(position)),
    forget: () => run(LISTS, "readwrite", (lists) => lists.clear()),
  };
})();
