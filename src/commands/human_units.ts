/**
 * Numbers for people: sizes and times that are read at a glance.
 *
 * @module
 */

/** `0 B`, `1.5 KiB`, `12 MiB`: two digits at least, four at most. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // Not 1024: 1023.7 would be shown as 1024.
  while (value >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** `just now`, `3 min ago`, `2 days ago`. A time to come (clocks are set back) is now. */
export function formatAgo(agoMs: number): string {
  const seconds = Math.floor(agoMs / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
