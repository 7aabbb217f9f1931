/**
 * Numbers for people, as the commands print them.
 *
 * @module
 */

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bits per second as figure and unit. */
export function rate(bps) {
  if (bps >= 999_500_000) return [(bps / 1e9).toFixed(2), "Gbit/s"];
  if (bps >= 999_500) return [(bps / 1e6).toFixed(bps < 99.95e6 ? 1 : 0), "Mbit/s"];
  if (bps >= 1_000) return [(bps / 1e3).toFixed(0), "kbit/s"];
  return [bps.toFixed(0), "bit/s"];
}

/** `118 MiB` */
export function bytes(count) {
  let value = count;
  let unit = 0;
  while (value >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(unit === 0 || value >= 9.95 ? 0 : 1)} ${BYTE_UNITS[unit]}`;
}

/** A time as figure and unit. */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 1) return [String(Math.floor(seconds)), "s"];
  if (hours < 1) return [String(minutes), "min"];
  if (hours < 48) return [`${hours}:${String(minutes % 60).padStart(2, "0")}`, "h"];
  return [String(Math.floor(hours / 24)), "days"];
}

/** `0.3`, `12`; no unit. */
export function percent(fraction) {
  const value = 100 * fraction;
  return value.toFixed(value < 9.95 && value >= 0.05 ? 1 : 0);
}

/** `10:42:07`, in the reader's time zone. */
export function timeOfDay(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
