import assert from "node:assert/strict";
import { formatWay, type Way, WayBook } from "../../../src/routing/way.ts";

function relay(port: number): Way {
  return { address: { hostname: "192.168.43.1", port }, transport: "udp" };
}

Deno.test("formatWay tells protocols, addresses and ports apart", () => {
  const tcp = { ...relay(1), transport: "tcp" } as const;
  assert.deepEqual([relay(1), relay(2), tcp].map(formatWay), [
    "udp 192.168.43.1:1",
    "udp 192.168.43.1:2",
    "tcp 192.168.43.1:1",
  ]);
});

Deno.test("a way is new once, also after it was released", () => {
  const book = new WayBook();
  assert(book.acquire(relay(1)));
  assert(!book.acquire(relay(1)));
  assert.deepEqual(book.release(relay(1)), []);
  assert.deepEqual(book.release(relay(1)), []);
  assert(!book.acquire(relay(1)), "it is kept for a while");
});

Deno.test("of too many unused ways the longest unused goes; one in use never", () => {
  const book = new WayBook();
  book.acquire(relay(1));
  const gone: string[] = [];
  for (let port = 2; port <= 60; port++) {
    book.acquire(relay(port));
    gone.push(...book.release(relay(port)).map(formatWay));
  }
  assert.equal(gone.length, 59 - 32);
  assert.equal(gone[0], "udp 192.168.43.1:2");
  assert(!gone.includes("udp 192.168.43.1:1"));
  assert(book.acquire(relay(2)), "what went is new again");
});

Deno.test("a way that is forgotten is new, and releasing it does nothing", () => {
  const book = new WayBook();
  book.acquire(relay(1));
  book.forget(relay(1));
  assert.deepEqual(book.release(relay(1)), []);
  assert(book.acquire(relay(1)));
});
