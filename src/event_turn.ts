/**
 * Letting others have their turn.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/**
 * While more is to be done at once, Deno's runtime asks the system for its own sockets in one of so many turns only (tokio's event
 * interval, 61 by default). At full speed a turn takes 3 ms: `/healthz` took 400 ms to answer.
 */
const TURNS_TO_POLL = 61;

/** So often they are asked under load. 61 empty turns take some 0.2 ms; every 20 ms that would be a percent of a core, in a transfer over phones a fifth of all. */
const POLL_MS = 50;

/** When turns began to follow one another without a pause, or the sockets were last asked. */
let polledMs = Number.NEGATIVE_INFINITY;
let lastTurnMs = Number.NEGATIVE_INFINITY;
/** The turns in which they are asked: nobody works meanwhile. */
let polling: Promise<void> | null = null;

/**
 * Lets the event loop do everything else that is ready, once; every 50 ms of load also what has come for Deno's own sockets.
 *
 * Measured under turns of 0.5 ms with datagrams both ways (Deno 2.9.6): setImmediate gives datagrams and
 * timers their share; a MessageChannel or a microtask in its place starves datagrams wholly; a timer of
 * 0 ms waits at least one. Idle, it comes back after 3 µs.
 */
export function nextTurn(): Promise<void> {
  if (polling !== null) return polling;
  const now = performance.now();
  // After a pause the event loop has waited, and asked for all it waits for.
  if (now - lastTurnMs >= POLL_MS) polledMs = now;
  lastTurnMs = now;
  if (now - polledMs < POLL_MS) return turn();
  polling = pollSockets();
  return polling;
}

async function pollSockets(): Promise<void> {
  for (let i = 0; i < TURNS_TO_POLL; i++) await turn();
  polledMs = performance.now();
  polling = null;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves after a few ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
