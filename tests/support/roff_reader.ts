/**
 * Reads a man page's source back as plain text, for tests: what a reader would see, each heading,
 * paragraph and entry on lines of its own. Shares no code with what writes the page.
 *
 * @module
 */

const CHARACTERS: Readonly<Record<string, string>> = {
  rs: "\\",
  aq: "'",
  dq: '"',
  ga: "`",
  ha: "^",
  ti: "~",
};

/** The text. Headings keep their request: `.SH NAME`. @throws Error at an escape it does not know. */
export function readRoff(source: string): string {
  const lines = source.split("\n").filter((line) => /^(?!\.)|^\.S[HS] /.test(line));
  return lines.map((line) => line.replace(/^(\.S[HS]) "(.*)"$/, "$1 $2")).map(unescape).join("\n");
}

function unescape(line: string): string {
  return line.replace(
    /\\(?:\((..)|\[u([0-9A-F]+)\]|(f[BIR]|[%&])|(-)|(.?))/g,
    (whole, name?: string, code?: string, unseen?: string, dash?: string) => {
      if (unseen !== undefined) return "";
      if (dash !== undefined) return "-";
      if (code !== undefined) return String.fromCodePoint(parseInt(code, 16));
      const char = CHARACTERS[name ?? ""];
      if (char === undefined) throw new Error(`Unknown escape ${whole}: ${line}`);
      return char;
    },
  );
}
