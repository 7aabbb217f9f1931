/**
 * Rows of cells as lines with aligned columns.
 *
 * @module
 */

/** Lines without line ends. @param rightAligned columns of numbers, from 0 on */
export function tableLines(
  rows: readonly (readonly string[])[],
  rightAligned: ReadonlySet<number>,
): readonly string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.max(...rows.map((row) => row[column]!.length)),
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      rightAligned.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  );
}
