import assert from "node:assert/strict";
import { Arena } from "../../ffi/arena.ts";
import { Errno, SysError } from "../../ffi/errno.ts";
import { Epoll } from "../../ffi/epoll.ts";
import { loadLibc } from "../../ffi/libc.ts";
import { Reactor, type Watch } from "../../src/reactor.ts";
import { reactorsSettled, type ReactorTimer } from "../../src/wait_loop.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { countOpenFds } from "../support/open_fds.ts";
import { makePipe, type Pipe } from "../support/pipe.ts";

const libc = loadLibc();
/** Read at each call, so that it stays in memory as long as it is read into. */
const some = new Arena(64).take(1);

interface Watched extends Disposable {
  readonly pipe: Pipe;
  readonly watch: Watch;
}

function watchPipe(reactor: Reactor): Watched {
  const pipe = makePipe(libc);
  const watch = reactor.watch(pipe.readFd);
  return {
    pipe,
    watch,
    [Symbol.dispose]: () => {
      watch.close();
      pipe.close();
    },
  };
}

function write({ pipe }: Watched): void {
  assert.equal(libc.write(pipe.writeFd, some.address, 1), 1);
}

function read({ pipe }: Watched): void {
  assert.equal(libc.read(pipe.readFd, some.address, 1), 1);
}

/** Whether it resolves without anything more happening: a turn through the other thread of a second watch is waited out. */
async function isDone(promise: Promise<void>, reactor: Reactor): Promise<boolean> {
  let done = false;
  const observed = promise.then(() => done = true);
  using other = watchPipe(reactor);
  for (let turn = 0; turn < 3; turn++) {
    write(other);
    await other.watch.readable();
    read(other);
  }
  void observed;
  return done;
}

Deno.test.afterEach(reactorsSettled);

Deno.test("Watch.readable resolves when there is something to read already, and when it comes later", async () => {
  const reactor = new Reactor();
  using watched = watchPipe(reactor);
  write(watched);
  await watched.watch.readable();
  await watched.watch.readable(); // nobody has read it
  read(watched);
  const waiting = watched.watch.readable();
  assert.equal(await isDone(waiting, reactor), false);
  write(watched);
  await waiting;
});

Deno.test("Reactor wakes who can read, and lets the others wait", async () => {
  const reactor = new Reactor();
  using first = watchPipe(reactor);
  using second = watchPipe(reactor);
  using third = watchPipe(reactor);
  const [one, two, three] = [first, second, third].map((it) => it.watch.readable());
  write(second);
  await two;
  assert.equal(await isDone(one!, reactor), false);
  write(first);
  write(third);
  await Promise.all([one, three]);
});

Deno.test("Reactor wakes more watches than one wait tells of", async () => {
  const reactor = new Reactor();
  const all = Array.from({ length: 40 }, () => watchPipe(reactor));
  for (let round = 0; round < 3; round++) {
    const waiting = all.map(({ watch }) => watch.readable());
    for (const watched of all) write(watched);
    await Promise.all(waiting);
    for (const watched of all) read(watched);
  }
  for (const watched of all) watched[Symbol.dispose]();
});

Deno.test("Watch.readable resolves when the other end is gone", async () => {
  const pipe = makePipe(libc);
  const watch = new Reactor().watch(pipe.readFd);
  const waiting = watch.readable();
  libc.close(pipe.writeFd);
  await waiting;
  assert.equal(libc.read(pipe.readFd, some.address, 1), 0);
  watch.close();
  libc.close(pipe.readFd);
});

Deno.test("Watch.readable resolves when its descriptor was closed too early", async () => {
  const pipe = makePipe(libc);
  const watch = new Reactor().watch(pipe.readFd);
  pipe.close();
  await watch.readable();
  watch.close();
});

Deno.test("Watch.readable refuses a second wait beside the first", async () => {
  using watched = watchPipe(new Reactor());
  const waiting = watched.watch.readable();
  assert.throws(() => watched.watch.readable(), /Invariant/);
  watched.watch.close();
  await waiting;
});

Deno.test("Watch.close ends a wait, may come twice, and is no wait's end but its own", async () => {
  const reactor = new Reactor();
  using closed = watchPipe(reactor);
  using other = watchPipe(reactor);
  const waiting = closed.watch.readable();
  const otherWaiting = other.watch.readable();
  closed.watch.close();
  closed.watch.close();
  await waiting;
  await closed.watch.readable();
  assert.equal(await isDone(otherWaiting, reactor), false);
  write(other);
  await otherWaiting;
});

Deno.test("Reactor frees everything with its last watch, and begins anew", async () => {
  const before = [countOpenFds(), Arena.liveCount];
  const isAllFreed = (): boolean => {
    return countOpenFds() === before[0] && Arena.liveCount === before[1];
  };
  const reactor = new Reactor();
  for (let round = 0; round < 3; round++) {
    {
      using waiting = watchPipe(reactor);
      using idle = watchPipe(reactor);
      const wait = waiting.watch.readable();
      idle.watch.close();
      waiting.watch.close();
      await wait;
    }
    // The thread is on its way back.
    await awaitCondition("all to be freed", isAllFreed, { intervalMs: 1 });
  }
  watchPipe(reactor)[Symbol.dispose]();
  assert.ok(isAllFreed(), "nobody waited: freed at once");
});

Deno.test("Reactor serves a new watch while the thread of the one before is still on its way back", async () => {
  const reactor = new Reactor();
  for (let round = 0; round < 20; round++) {
    using watched = watchPipe(reactor);
    const waiting = watched.watch.readable();
    write(watched);
    if (round % 2 === 0) await waiting;
  }
});

Deno.test("Reactor.watch says what cannot be watched, and leaves nothing open", () => {
  const before = [countOpenFds(), Arena.liveCount];
  const reactor = new Reactor();
  const errnoIs = (errno: number) => (error: unknown) =>
    error instanceof SysError && error.errno === errno;
  assert.throws(() => reactor.watch(-1), errnoIs(Errno.EBADF));
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
  {
    using watched = watchPipe(reactor);
    assert.throws(() => reactor.watch(watched.pipe.readFd), errnoIs(Errno.EEXIST));
  }
  assert.deepEqual([countOpenFds(), Arena.liveCount], before);
});

/** A timer that is due again and again. */
class BeatingTimer implements ReactorTimer {
  readonly firedMs: number[] = [];
  rests = 0;
  nextMs: number;

  constructor(readonly everyMs: number) {
    this.nextMs = performance.now() + everyMs;
  }

  dueMs(): number {
    return this.nextMs;
  }

  handleDue(): void {
    this.firedMs.push(performance.now());
    this.nextMs = performance.now() + this.everyMs;
  }

  handleRest(): void {
    this.rests++;
  }
}

/** Something comes, and is read. */
async function passOne(watched: Watched): Promise<void> {
  write(watched);
  await watched.watch.readable();
  read(watched);
}

Deno.test("Reactor waits on this thread after an event, calls the timer when it is due, and rests in the end", async () => {
  const reactor = new Reactor();
  using watched = watchPipe(reactor);
  const timer = new BeatingTimer(1);
  reactor.timer = timer;
  assert.equal(reactor.isAttentive, false);
  while (timer.firedMs.length < 5) await passOne(watched);
  const waiting = watched.watch.readable();
  const { rests } = timer;
  await awaitCondition("a rest", () => timer.rests > rests, { intervalMs: 1 });
  assert.equal(reactor.isAttentive, false);
  const fired = timer.firedMs.length;
  write(watched);
  await waiting;
  assert.equal(timer.firedMs.length, fired, "while it rests the event loop's timers do that");
});

Deno.test("Reactor gives the event loop its turn while this thread waits", async () => {
  const reactor = new Reactor();
  using watched = watchPipe(reactor);
  reactor.timer = new BeatingTimer(1_000);
  let attentive = 0;
  for (let turn = 0; turn < 20; turn++) {
    await passOne(watched);
    const waiting = watched.watch.readable();
    await new Promise((resolve) => setTimeout(resolve, 1)); // and it does come
    if (reactor.isAttentive) attentive++;
    write(watched);
    await waiting;
    read(watched);
  }
  assert(attentive >= 5, `this thread waited ${attentive} times of 20`);
});

Deno.test("Reactor leaves the waiting to another thread while something comes that it does not know of", async () => {
  const reactor = new Reactor();
  using watched = watchPipe(reactor);
  const timer = new BeatingTimer(1);
  timer.dueMs = () => Number.NEGATIVE_INFINITY;
  reactor.timer = timer;
  for (let round = 0; round < 5; round++) {
    write(watched);
    await watched.watch.readable();
    read(watched);
    assert.equal(reactor.isAttentive, false);
  }
  assert.deepEqual(timer.firedMs, []);
});

Deno.test("Reactor calls the timer while a reader is at work and another has not begun, and does not spin for the latter", async () => {
  const reactor = new Reactor();
  using busy = watchPipe(reactor);
  using notBegun = watchPipe(reactor);
  using steady = watchPipe(reactor);
  const timer = new BeatingTimer(2);
  reactor.timer = timer;
  write(busy);
  await busy.watch.readable(); // and it does not come back
  const startMs = performance.now();
  while (timer.firedMs.length < 5 && performance.now() - startMs < 5_000) await passOne(steady);
  assert(timer.firedMs.length >= 5, `${timer.firedMs.length} times in 5 s`);
  assert(notBegun.watch !== undefined);
});

Deno.test("Reactor lets Deno's own sockets go on while there is more to read without end", async () => {
  const reactor = new Reactor();
  reactor.timer = { dueMs: () => Infinity, handleDue: () => {}, handleRest: () => {} };
  using watched = watchPipe(reactor);
  write(watched);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let isDone = false;
  const reading = (async (): Promise<void> => {
    while (!isDone) {
      await watched.watch.readable();
      // What is read is worked on.
      for (const endMs = performance.now() + 2; performance.now() < endMs;);
    }
  })();
  const startMs = performance.now();
  const answering = (async (): Promise<void> => {
    using server = await listener.accept();
    const buffer = new Uint8Array(1);
    while (await server.read(buffer) !== null) await server.write(buffer);
  })();
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const rounds = 10;
  const buffer = new Uint8Array(1);
  for (let i = 0; i < rounds; i++) {
    await conn.write(buffer);
    await conn.read(buffer);
  }
  const tookMs = performance.now() - startMs;
  conn.closeWrite();
  await answering;
  isDone = true;
  await reading;
  // Twice 61 turns each would be 240 ms; twice what the reactor promises is 100.
  assert(tookMs / rounds < 170, `${tookMs / rounds} ms for each`);
});

Deno.test("Reactor.atTurnEnd calls back once when all who were woken together have read what there was", async () => {
  const reactor = new Reactor();
  using first = watchPipe(reactor);
  using second = watchPipe(reactor);
  const events: string[] = [];
  const serve = async (name: string, watched: Watched): Promise<void> => {
    await watched.watch.readable();
    read(watched);
    events.push(name);
    reactor.atTurnEnd(() => events.push(`sent for ${name}`));
    await Promise.resolve(); // as an async reader has its caller's turn in between
    void watched.watch.readable();
  };
  write(first);
  write(second);
  await Promise.all([serve("first", first), serve("second", second)]);
  assert.deepEqual(events, ["first", "second", "sent for first", "sent for second"]);
});

Deno.test("Watch.nextTurn ends the turn before all else has its own", async () => {
  const reactor = new Reactor();
  using watched = watchPipe(reactor);
  write(watched);
  await watched.watch.readable();
  let sends = 0;
  reactor.atTurnEnd(() => sends++);
  await Promise.resolve();
  assert.equal(sends, 0);
  const turn = watched.watch.nextTurn();
  assert.equal(sends, 1);
  await turn;
  reactor.atTurnEnd(() => sends++);
  await Promise.resolve();
  assert.equal(sends, 1); // it reads again
  watched.watch.close();
  assert.equal(sends, 2);
});

Deno.test("Reactor sleeps once in a transfer over phones for what came and what is answered at once, whatever is due", async () => {
  const { sleep } = Epoll.prototype;
  let sleeps = 0;
  Epoll.prototype.sleep = () => void sleeps++;
  try {
    const reactor = new Reactor();
    using outside = watchPipe(reactor);
    using inside = watchPipe(reactor);
    reactor.timer = new BeatingTimer(0.1);
    await passOne(outside);
    // 1 packet of 1,400 bytes a ms.
    const startMs = performance.now();
    for (const atMs of [0, 30]) outside.watch.noteRead(30, 42_000, startMs + atMs);
    const rounds = 10;
    let nextOutside = outside.watch.readable();
    let nextInside = inside.watch.readable();
    sleeps = 0;
    for (let round = 0; round < rounds; round++) {
      write(outside);
      await nextOutside;
      read(outside);
      write(inside); // TCP's answer
      nextOutside = outside.watch.readable();
      await nextInside;
      read(inside);
      nextInside = inside.watch.readable();
    }
    assert(sleeps >= rounds / 2 && sleeps <= rounds + 2, `${sleeps} sleeps in ${rounds} rounds`);
  } finally {
    Epoll.prototype.sleep = sleep;
  }
});
