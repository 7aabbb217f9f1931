/**
 * `deno task sim:table`: writes bonding_table.md anew. Look at its diff before it is committed.
 *
 * @module
 */

import { formatTable, runTableRow, steadyCases } from "../support/bonding_table.ts";

if (import.meta.main) {
  const path = new URL("bonding_table.md", import.meta.url);
  Deno.writeTextFileSync(path, formatTable(steadyCases().map(runTableRow)));
}
