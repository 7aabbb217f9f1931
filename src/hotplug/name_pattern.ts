/**
 * Patterns of names, as a shell has them. Pure.
 *
 * @module
 */

/** Whether one of the patterns is a whole name's; only `*` and `?` stand for something else than themselves. */
export function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const literal = pattern.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
    return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "su");
  });
  return (name) => expressions.some((it) => it.test(name));
}
