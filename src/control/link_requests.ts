/**
 * Links and their settings in control requests, as JSON: caps and budgets that are none are null there, and what is not named is left out.
 * Pure.
 *
 * @module
 */

import { isInterfaceName, isLinkName, type ProxySpec } from "../linkmap/link_spec.ts";
import type { NewLink } from "../live_links.ts";
import {
  LINK_MODES,
  type LinkChange,
  type LinkMode,
  MAX_CAP_BPS,
  MIN_CAP_BPS,
} from "../multiplexer/link_settings.ts";
import type { HostPort } from "../net_address.ts";

/** As on the command line. */
const MAX_PRICE_PER_GB = 1e6;
const MAX_BUDGET_BYTES = 1e15;

/** Most links in one request: a slave has no more. */
const MAX_LINKS = 255;

/** A change of settings as it is sent. */
export function encodeChange(change: LinkChange): Record<string, unknown> {
  const { capUpBps, capDownBps, budgetBytes, ...rest } = change;
  return {
    ...rest,
    ...(capUpBps === undefined ? {} : { capUpBps: encodeCap(capUpBps) }),
    ...(capDownBps === undefined ? {} : { capDownBps: encodeCap(capDownBps) }),
    ...(budgetBytes === undefined ? {} : { budgetBytes: encodeCap(budgetBytes) }),
  };
}

/** A link to add as it is sent. */
export function encodeNewLink({ settings, ...link }: NewLink): Record<string, unknown> {
  return { ...link, settings: encodeChange(settings) };
}

/** Reads a mode. @throws Error */
export function decodeMode(value: unknown): LinkMode {
  return LINK_MODES.find((mode) => mode === value) ?? fail("mode");
}

/** Reads a change of settings. @throws Error */
export function decodeChange(value: unknown): LinkChange {
  const { mode, isMetered, capUpBps, capDownBps, ...cost } = asObject(value, "settings");
  if (isMetered !== undefined && typeof isMetered !== "boolean") return fail("isMetered");
  return {
    ...decodeCost(cost),
    ...(mode === undefined ? {} : { mode: mode === null ? null : decodeMode(mode) }),
    ...(isMetered === undefined ? {} : { isMetered }),
    ...(capUpBps === undefined ? {} : { capUpBps: decodeCap(capUpBps, "capUpBps") }),
    ...(capDownBps === undefined ? {} : { capDownBps: decodeCap(capDownBps, "capDownBps") }),
  };
}

function decodeCost(
  { pricePerGb, budgetBytes, resetDay, isBudgetHard }: Readonly<Record<string, unknown>>,
): LinkChange {
  if (isBudgetHard !== undefined && typeof isBudgetHard !== "boolean") return fail("isBudgetHard");
  return {
    ...(pricePerGb === undefined ? {} : { pricePerGb: decodePrice(pricePerGb) }),
    ...(budgetBytes === undefined ? {} : { budgetBytes: decodeBudget(budgetBytes) }),
    ...(resetDay === undefined ? {} : { resetDay: decodeDay(resetDay) }),
    ...(isBudgetHard === undefined ? {} : { isBudgetHard }),
  };
}

/** Thousandths at the finest, as the master is told it. */
function decodePrice(value: unknown): number | null {
  if (value === null) return null;
  const isPrice = typeof value === "number" && value >= 0 && value <= MAX_PRICE_PER_GB;
  return isPrice ? Math.round(value * 1_000) / 1_000 : fail("pricePerGb");
}

function decodeBudget(value: unknown): number {
  if (value === null) return Number.POSITIVE_INFINITY;
  const isBudget = typeof value === "number" && value >= 1 && value <= MAX_BUDGET_BYTES;
  return isBudget ? value : fail("budgetBytes");
}

function decodeDay(value: unknown): number {
  const isDay = typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 31;
  return isDay ? value : fail("resetDay");
}

/** Reads links to add. @throws Error */
export function decodeNewLinks(value: unknown): readonly NewLink[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_LINKS) return fail("links");
  return value.map(decodeNewLink);
}

function decodeNewLink(value: unknown): NewLink {
  const { name, proxy, device, targets, settings } = asObject(value, "links");
  if (name !== null && !(isText(name) && isLinkName(name))) return fail("name");
  if (device !== undefined && !(isText(device) && isInterfaceName(device))) return fail("device");
  if (!Array.isArray(targets)) return fail("targets");
  return {
    name,
    proxy: proxy === null ? null : decodeProxy(proxy),
    ...(device === undefined ? {} : { device }),
    targets: targets.map((target: unknown) => decodeHostPort(target, "targets")),
    settings: decodeChange(settings),
  };
}

function decodeProxy(value: unknown): ProxySpec {
  const { credentials } = asObject(value, "proxy");
  const end = decodeHostPort(value, "proxy");
  if (credentials === undefined) return end;
  const { username, password } = asObject(credentials, "credentials");
  if (!isText(username) || !isText(password)) return fail("credentials");
  return { ...end, credentials: { username, password } };
}

function decodeHostPort(value: unknown, key: string): HostPort {
  const { host, port } = asObject(value, key);
  const isPort = typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535;
  return isText(host) && host !== "" && isPort ? { host, port } : fail(key);
}

function encodeCap(capBps: number): number | null {
  return Number.isFinite(capBps) ? capBps : null;
}

function decodeCap(value: unknown, key: string): number {
  if (value === null) return Number.POSITIVE_INFINITY;
  const isCap = typeof value === "number" && value >= MIN_CAP_BPS && value <= MAX_CAP_BPS;
  return isCap ? value : fail(key);
}

function asObject(value: unknown, key: string): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : fail(key);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function fail(key: string): never {
  throw new Error(`Cannot read control request: ${JSON.stringify(key)} is missing or malformed`);
}
