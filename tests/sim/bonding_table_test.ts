/**
 * All steady cases of the bonding benchmark, one TCP flow each way: the floors of "Figures to beat", no case below the
 * best link alone, and the table in bonding_table.md, line by line.
 */

import assert from "node:assert/strict";
import { formatTable, runTableRow, steadyCases, type TableRow } from "../support/bonding_table.ts";

/** Of the tunnel over the best link alone: least share in any scenario. */
const OF_ALONE = 0.97;

/**
 * A floor is the benchmark's, with a kernel's TCP. The simulated one is as near to it as that (docs/tcp-model.md), and so
 * are its runs to each other where packets are lost and delayed by chance.
 */
const NEAR = 0.9;

const rows: TableRow[] = [];

for (const bondingCase of steadyCases()) {
  const { name, shows, floor } = bondingCase;
  Deno.test(`bonding table: ${name} (${shows}) reaches its floors`, () => {
    const row = runTableRow(bondingCase);
    rows.push(row);
    for (const direction of ["down", "up"] as const) {
      const { goodputBps, needlessFraction } = row[direction];
      const text = `${direction}: ${(goodputBps / 1e6).toFixed(2)} Mbit/s`;
      const { goodputMbps = 0, ofAlone = OF_ALONE, retransmitted = 1 } = floor;
      assert.ok(goodputBps >= NEAR * goodputMbps * 1e6, `${text}, not ${goodputMbps}`);
      // "At least the best link alone" within a hundredth: how a run happens to go.
      const least = Math.min(ofAlone, 0.99);
      const aloneText = `${(row.aloneBps / 1e6).toFixed(2)} alone`;
      assert.ok(goodputBps >= least * row.aloneBps, `${text}, ${aloneText}`);
      assert.ok(needlessFraction < retransmitted, `${direction}: ${needlessFraction} needlessly`);
    }
  });
}

Deno.test("bonding table: the kept table is what comes out (deno task sim:table writes it)", () => {
  assert.equal(rows.length, steadyCases().length, "this test needs the others' runs");
  const kept = Deno.readTextFileSync(new URL("bonding_table.md", import.meta.url));
  assert.equal(formatTable(rows), kept, "see what changed: deno task sim:table && git diff");
});
