/**
 * Writes a man page's source: the macros of man(7) that groff and mandoc share, and plain text made
 * safe for them. Pure.
 *
 * @module
 */

/** Characters that roff would take for something else, or draw as another one. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\(rs",
  // A plain one may be cut at, or drawn as a hyphen, which no shell takes for an option.
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** A man page that is being written. */
export class RoffPage {
  readonly #lines: string[] = [];

  /** Begins the page: its name, section of the manual, and where it is from, e.g. `bindlink 0.1.0`. */
  constructor(name: string, section: number, source: string) {
    // Without a date: the same sources make the same page.
    this.#macro("TH", name.toUpperCase(), String(section), "", source, "User Commands");
    this.#lines.push(".ad l"); // blanks that fill a line would stand in what is copied from the page
  }

  /** A heading. */
  section(title: string): void {
    this.#macro("SH", title);
  }

  /** A heading within a section. */
  subsection(title: string): void {
    this.#macro("SS", title);
  }

  /** A paragraph. */
  paragraph(text: string): void {
    this.#beginParagraph();
    this.#lines.push(roffText(text));
  }

  /** Lines of one paragraph, each a term in bold and what follows it in italics. */
  synopsis(lines: readonly (readonly [string, string])[]): void {
    const shown = lines.map(([term, value]) => termLine(term, value));
    this.#lines.push(...shown.flatMap((line, i) => i === 0 ? [line] : [".br", line]));
  }

  /** The name line of the page, which whatis(1) and apropos(1) read. */
  nameLine(name: string, brief: string): void {
    this.#lines.push(`${roffText(name)} \\- ${roffText(brief)}`);
  }

  /** A term in bold, what follows it in italics, and what it means. */
  entry(term: string, value: string, text: string): void {
    this.#lines.push(".TP", termLine(term, value), roffText(text));
  }

  /** Lines to type, as they are. */
  code(lines: readonly string[]): void {
    this.#beginParagraph();
    this.#lines.push(".RS 4", ".EX", ...lines.map(roffText), ".EE", ".RE");
  }

  /** The page; ends with a newline. */
  toString(): string {
    return this.#lines.join("\n") + "\n";
  }

  /** Headings begin one already. */
  #beginParagraph(): void {
    if (!/^\.S[HS] /.test(this.#lines.at(-1) ?? "")) this.#lines.push(".PP");
  }

  #macro(name: string, ...args: readonly string[]): void {
    this.#lines.push([`.${name}`, ...args.map((arg) => `"${quote(arg)}"`)].join(" "));
  }
}

function termLine(term: string, value: string): string {
  const bold = term === "" ? "" : `\\fB${escape(term)}\\fR`;
  const italic = value === "" ? "" : `\\fI${escape(value)}\\fR`;
  return [bold, italic].filter((part) => part !== "").join(" ");
}

/**
 * One line of text, whatever it holds, as roff shows it unchanged.
 *
 * @example
 * ```ts
 * import { roffText } from "./roff.ts";
 *
 * if (roffText(".x --y") !== "\\&.x \\%\\-\\-y") throw new Error(roffText(".x --y"));
 * ```
 */
export function roffText(text: string): string {
  const escaped = escape(text);
  // At the start of a line these begin a request; ' is escaped anyway.
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}

function escape(text: string): string {
  // What has more than letters in it, such as an option, is not to be hyphenated.
  return text.replace(/\s/g, " ").split(" ").map((word) =>
    /[\w-][-_/:.@=]\w|^--/.test(word) ? `\\%${quote(word)}` : quote(word)
  )
    .join(" ");
}

function quote(word: string): string {
  return word.replace(/[\\\-'"`^~]|[^\x20-\x7e]/gu, (char) => {
    const code = char.codePointAt(0)?.toString(16).toUpperCase() ?? "";
    return ESCAPES[char] ?? `\\[u${code.padStart(4, "0")}]`;
  });
}
