import assert from "node:assert/strict";
import { nextTurn } from "../../src/event_turn.ts";
import { TurnEnd } from "../../src/turn_end.ts";

/** Notes how often it was called back. */
class Sender {
  sends = 0;
  readonly send = (): void => {
    this.sends++;
  };
}

Deno.test("TurnEnd.add calls back when this piece of work ends, while nobody reads", async () => {
  const turnEnd = new TurnEnd();
  const sender = new Sender();
  turnEnd.add(sender.send);
  assert.equal(sender.sends, 0);
  await Promise.resolve();
  assert.equal(sender.sends, 1);
  await nextTurn();
  assert.equal(sender.sends, 1);
});

Deno.test("TurnEnd.leave of the last reader calls back at once, not that of another one", async () => {
  const turnEnd = new TurnEnd();
  const sender = new Sender();
  const [one, two] = [turnEnd.enter(), turnEnd.enter()];
  turnEnd.add(sender.send);
  await Promise.resolve();
  turnEnd.leave(one);
  await Promise.resolve();
  assert.equal(sender.sends, 0);
  turnEnd.leave(two);
  assert.equal(sender.sends, 1);
  await nextTurn();
});

Deno.test("What was added before a reader came waits for it", async () => {
  const turnEnd = new TurnEnd();
  const sender = new Sender();
  turnEnd.add(sender.send);
  const turn = turnEnd.enter();
  await Promise.resolve();
  assert.equal(sender.sends, 0);
  turnEnd.leave(turn);
  assert.equal(sender.sends, 1);
  await nextTurn();
});

Deno.test("A reader that does not come back holds nothing up longer than until the event loop goes on", async () => {
  const turnEnd = new TurnEnd();
  const sender = new Sender();
  const late = turnEnd.enter();
  turnEnd.add(sender.send);
  await nextTurn();
  assert.equal(sender.sends, 1);
  // That turn is over: its reader ends no other one.
  const turn = turnEnd.enter();
  turnEnd.add(sender.send);
  turnEnd.leave(late);
  assert.equal(sender.sends, 1);
  turnEnd.leave(turn);
  assert.equal(sender.sends, 2);
  await nextTurn();
});

Deno.test("What is added while others send is called back, too", async () => {
  const turnEnd = new TurnEnd();
  const sender = new Sender();
  const turn = turnEnd.enter();
  turnEnd.add(() => turnEnd.add(sender.send));
  turnEnd.leave(turn);
  assert.equal(sender.sends, 0);
  await Promise.resolve();
  assert.equal(sender.sends, 1);
  await nextTurn();
});
