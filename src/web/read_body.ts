/**
 * Reads what a request brings, as far as it may be long and may take time.
 *
 * @module
 */

/**
 * The body as text; null: it is longer, or did not come in time, or its sender is gone.
 * @param maxBytes the most that is read. @param timeoutMs for all of it
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  timeoutMs: number,
): Promise<string | null> {
  if (request.body === null) return "";
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return null;
  const reader = request.body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    // To the reader this looks like the end.
    void reader.cancel().catch(() => {});
  }, timeoutMs);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      if (bytes > maxBytes) return null;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    // What is left of it is of no use.
    await reader.cancel().catch(() => {});
  }
  return isLate ? null : text + decoder.decode();
}
