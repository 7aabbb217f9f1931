/**
 * Figures that a test measured, for whoever reads its output.
 *
 * @module
 */

/** Prints one line: `    UDP up: received 40.1 Mbit/s, lost 3 %`. */
export function printFigures(what: string, figures: Readonly<Record<string, string>>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value}`).join(", ");
  // deno-lint-ignore no-console
  console.log(`    ${what}: ${text}`);
}

/** Bits per second as text. */
export function toMbps(bps: number): string {
  return `${(bps / 1e6).toFixed(1)} Mbit/s`;
}

/** Bytes as text. */
export function toMiB(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
