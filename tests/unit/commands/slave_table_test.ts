import assert from "node:assert/strict";
import { slaveTable } from "../../../src/commands/slave_table.ts";

const NOW = Date.parse("2026-03-01T12:00:00.000Z");

Deno.test("slaveTable aligns columns, names on the left and numbers on the right", () => {
  const table = slaveTable([
    {
      name: "laptop",
      addresses: ["10.10.10.2", "fd00::2"],
      state: "connected",
      linksUp: 3,
      lastSeenAt: "2026-03-01T11:57:00.000Z",
      receivedBytes: 1536,
      sentBytes: 12 * 2 ** 20,
    },
    {
      name: "a",
      addresses: [],
      state: "revoked",
      linksUp: 0,
      lastSeenAt: null,
      receivedBytes: 0,
      sentBytes: 0,
    },
  ], NOW);
  assert.equal(
    table,
    `NAME    ADDRESSES           STATE      LINKS  LAST SEEN  RECEIVED    SENT
laptop  10.10.10.2,fd00::2  connected      3  3 min ago   1.5 KiB  12 MiB
a       -                   revoked        -  never           0 B     0 B
`,
  );
});
