import assert from "node:assert/strict";
import { statusText } from "../../../src/service/status_text.ts";
import type { LinkSnapshot, LinkState, SlaveSnapshot } from "../../../src/snapshot.ts";

const links = (...states: LinkState[]): LinkSnapshot[] =>
  states.map((state) => ({ state }) as LinkSnapshot);
const slaves = (...are: boolean[]): SlaveSnapshot[] =>
  are.map((isConnected) => ({ isConnected }) as SlaveSnapshot);

Deno.test("statusText counts a slave's links, a master's slaves", () => {
  const slave = { role: "slave", protocol: "secure", slaves: [] } as const;
  assert.equal(
    statusText({ ...slave, links: links("up", "probing", "connecting") }),
    "1 of 3 links up",
  );
  const master = { role: "master", protocol: "secure", links: links("up") } as const;
  assert.match(statusText({ ...master, slaves: [] }), /No slaves yet: bindlink invite/);
  assert.equal(
    statusText({ ...master, slaves: slaves(true, false) }),
    "1 of 2 slaves connected, 1 link up",
  );
  assert.equal(
    statusText({ ...master, protocol: "legacy", slaves: [], links: links("up", "up") }),
    "2 links up",
  );
});
