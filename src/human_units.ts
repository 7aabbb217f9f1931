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

/** `0 bit/s`, `950 kbit/s`, `18.2 Mbit/s`: as links' reasons have them, with bits below 1 kbit/s. */
export function formatBps(bps: number): string {
  if (bps >= 999_500_000) return `${(bps / 1e9).toFixed(1)} Gbit/s`;
  if (bps >= 999_500) return `${(bps / 1e6).toFixed(1)} Mbit/s`;
  return bps >= 1_000 ? `${Math.round(bps / 1e3)} kbit/s` : `${Math.round(bps)} bit/s`;
}

/** `42 s`, `3 min`, `5 h 12 min`, `2 days 3 h`. */
export function formatDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (hours < 1) return `${minutes} min`;
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

/** `0 %`, `1.5 %`, `62 %`. */
export function formatPercent(fraction: number): string {
  const percent = 100 * fraction;
  const digits = percent < 9.95 && percent >= 0.05 ? 1 : 0;
  return `${percent.toFixed(digits)} %`;
}

/** `0 MB`, `950 MB`, `1.50 GB`, `120 GB`: in powers of ten, as providers count. */
export function formatGigabytes(bytes: number): string {
  if (bytes >= 999.5e9) return `${(bytes / 1e12).toFixed(2)} TB`;
  if (bytes >= 999.5e6) return `${(bytes / 1e9).toFixed(bytes >= 99.95e9 ? 0 : 2)} GB`;
  const megabytes = bytes / 1e6;
  return `${megabytes.toFixed(megabytes >= 9.95 || megabytes === 0 ? 0 : 1)} MB`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;
