import assert from "node:assert/strict";
import { type KeyOutcome, pressKey, type TopAction } from "../../../src/top/key_action.ts";
import { chosenItem, type TopState, withoutReport } from "../../../src/top/top_state.ts";
import {
  LINKS,
  NOW_MS,
  sampleLink,
  sampleMaster,
  sampleReport,
  sampleState,
} from "./sample_state.ts";

function press(state: TopState, ...keys: readonly string[]): KeyOutcome {
  let outcome: KeyOutcome = { state, action: null };
  for (const key of keys) outcome = pressKey(outcome.state, key, NOW_MS);
  return outcome;
}

function request(action: TopAction | null): unknown {
  return action?.kind === "ask" ? action.request : action;
}

function chosenName(state: TopState): string | undefined {
  const item = chosenItem(state)?.item;
  return item?.kind === "link" ? item.link.name : item?.slave.name;
}

function said(state: TopState, ...keys: readonly string[]): string | undefined {
  const outcome = press(state, ...keys);
  assert.equal(outcome.action, null);
  return outcome.state.notice?.text;
}

/** The first link is off, the others are up. */
const FIRST_OFF = sampleReport({
  links: LINKS.map((link) => ({ ...link, state: link.id === 1 ? "off" : "up" })),
});

Deno.test("pressKey chooses among the links, and stays with the one that was chosen", () => {
  const state = sampleState();
  assert.equal(chosenName(state), "phone1");
  assert.equal(chosenName(press(state, "down").state), "phone2");
  assert.equal(chosenName(press(state, "j", "j", "j", "k").state), "phone2");
  assert.equal(chosenName(press(state, "up").state), "phone1");
  assert.equal(chosenName(press(state, "pageDown").state), "modem");
  assert.equal(chosenName(press(state, "end", "pageUp").state), "phone1");
  assert.equal(chosenName(press(state, "end", "home").state), "phone1");
  const { state: second } = press(state, "down");
  const fewer = { ...second, report: sampleReport({ links: LINKS.slice(1) }) };
  assert.equal(chosenName(fewer), "phone2");
  const gone = { ...second, report: sampleReport({ links: LINKS.slice(0, 1) }) };
  assert.equal(chosenName(gone), "phone1");
});

Deno.test("pressKey switches the chosen link off and on", () => {
  const state = sampleState(FIRST_OFF);
  assert.deepEqual(request(press(state, "o").action), { command: "link.up", name: "phone1" });
  assert.deepEqual(request(press(state, "j", " ").action), {
    command: "link.down",
    name: "phone2",
  });
});

Deno.test("pressKey asks before it switches the only link off that is up", () => {
  const alone = sampleState(sampleReport({
    links: LINKS.map((link) => ({ ...link, state: link.id === 1 ? "up" : "connecting" })),
  }));
  assert.deepEqual(press(alone, "o").state.prompt, { kind: "lastLink", link: "phone1" });
  assert.equal(press(alone, "o").action, null);
  assert.deepEqual(request(press(alone, "o", "y").action), {
    command: "link.down",
    name: "phone1",
  });
  for (const key of ["o", "q", "escape", "n"]) {
    const { state, action } = press(alone, "o", key);
    assert.deepEqual([state.prompt, action], [null, null]);
  }
  assert.deepEqual(request(press(alone, "end", "o").action), {
    command: "link.down",
    name: "modem",
  });
});

Deno.test("pressKey changes the slave's mode, and a link's own", () => {
  const state = sampleState();
  assert.deepEqual(request(press(state, "m", "r").action), { command: "mode", mode: "redundant" });
  assert.equal(press(state, "m", "d").action, null);
  assert.equal(press(state, "m", "escape").action, null);
  assert.equal(press(state, "m", "escape").state.prompt, null);
  assert.deepEqual(request(press(state, "j", "l", "b").action), {
    command: "link.set",
    name: "phone2",
    settings: { mode: "backup" },
  });
  assert.deepEqual(request(press(state, "l", "d").action), {
    command: "link.set",
    name: "phone1",
    settings: { mode: null },
  });
});

Deno.test("pressKey ends, stops and repaints at any time", () => {
  const asked = press(sampleState(), "m").state;
  assert.deepEqual(press(sampleState(), "q").action, { kind: "quit" });
  assert.deepEqual(press(asked, "ctrl-c").action, { kind: "quit" });
  assert.deepEqual(press(asked, "ctrl-z").action, { kind: "suspend" });
  assert.deepEqual(press(asked, "ctrl-l").action, { kind: "repaint" });
});

Deno.test("pressKey says why nothing can be changed", () => {
  const master = sampleState(sampleMaster());
  for (const key of ["o", "m", "l"]) {
    assert.equal(
      said(master, key),
      "Links are switched, and modes chosen, on the slave's machine",
    );
  }
  const reason = { what: "is not running", why: "" };
  const away = withoutReport(sampleState(), reason, NOW_MS);
  assert.equal(said(away, "o"), "The slave bind0 does not answer");
  const busy = { ...sampleState(), doing: "Switching modem off" };
  assert.equal(said(busy, "m"), "Wait: Switching modem off");
  const empty = sampleState(sampleReport({ links: [] }));
  assert.equal(said(empty, "o"), "There is no link to change");
  assert.equal(said(empty, "l"), "There is no link to change");
  assert.equal(said(empty, "down"), undefined);
});

Deno.test("pressKey tells links of one name apart by their ids", () => {
  const links = [sampleLink({ id: 1, name: "usb0" }), sampleLink({ id: 2, name: "usb0" })];
  const { state } = press(sampleState(sampleReport({ links })), "down");
  const chosen = chosenItem(state)!.item;
  assert.equal(chosen.kind === "link" && chosen.link.id, 2);
});
