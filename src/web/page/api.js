/**
 * What the page asks its server. The token goes with each question, in a header that no other page can send; it is kept for
 * this address only.
 *
 * @module
 */

const STORED = "bindlink-token";

/** How long an answer may take, in ms. Switching a link off takes up to 4 s. */
const LIVE_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 15_000;

/** The server wants a token, or another one. */
export class TokenNeeded extends Error {}

/** Takes the token out of the address, where history and screenshots would show it. */
export function takeToken() {
  // Not URLSearchParams, to which the + of a token is a blank.
  const token = /^#token=([^&]+)/.exec(location.hash)?.[1];
  if (token === undefined) return;
  keepToken(decodeURIComponent(token));
  history.replaceState(null, "", location.pathname);
}

/** Keeps a token. */
export function keepToken(token) {
  localStorage.setItem(STORED, token);
}

/** The last report, and the samples after one. */
export async function fetchLive(after) {
  const response = await ask(`/api/live?after=${after}`, { method: "GET" }, LIVE_TIMEOUT_MS);
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

/** Does what a request asks. @returns its result. @throws Error with what to tell the user */
export async function sendCommand(request) {
  const response = await ask("/api/command", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  }, COMMAND_TIMEOUT_MS);
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  if (!isJson) throw new Error((await response.text()).trim());
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer.result;
}

async function ask(path, init, timeoutMs) {
  const token = localStorage.getItem(STORED);
  const headers = { ...init.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(path, { ...init, headers, signal, credentials: "omit" });
  if (response.status === 401) throw new TokenNeeded();
  return response;
}
