/**
 * What the doctor says: one line about one thing, with what to do when it is a fault. Pure.
 *
 * @module
 */

/**
 * - `ok`: it is as it should be;
 * - `note`: it works, and there is something to know;
 * - `fault`: it does not work, or costs the tunnel much: the exit code is 1;
 * - `unchecked`: it could not be looked at, and why.
 */
export type Verdict = "ok" | "note" | "fault" | "unchecked";

/** One thing that was looked at. */
export interface Finding {
  /** What it belongs to: `this machine`, `token`, `link phone1`, `links together`, `master`. */
  readonly about: string;
  /** Name of the check, for programs: kebab case, stays the same from version to version. */
  readonly check: string;
  readonly verdict: Verdict;
  /** In plain words. */
  readonly text: string;
  /** What to do or type; empty when there is nothing. */
  readonly advice: string;
  /** Measured numbers, units in the names. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** A finding's beginning: what was looked at. */
export interface Subject {
  readonly about: string;
  readonly check: string;
}

/** It is as it should be. */
export function ok(
  subject: Subject,
  text: string,
  figures?: Readonly<Record<string, number>>,
): Finding {
  return make(subject, "ok", text, "", figures);
}

/** It works, but. */
export function note(
  subject: Subject,
  text: string,
  advice?: string,
  figures?: Readonly<Record<string, number>>,
): Finding {
  return make(subject, "note", text, advice ?? "", figures);
}

/** It does not work. */
export function fault(
  subject: Subject,
  text: string,
  advice: string,
  figures?: Readonly<Record<string, number>>,
): Finding {
  return make(subject, "fault", text, advice, figures);
}

/** It could not be looked at. @param why and what would make it possible */
export function unchecked(subject: Subject, text: string, why = ""): Finding {
  return make(subject, "unchecked", text, why);
}

function make(
  { about, check }: Subject,
  verdict: Verdict,
  text: string,
  advice: string,
  figures?: Readonly<Record<string, number>>,
): Finding {
  const base = { about, check, verdict, text, advice };
  return figures === undefined ? base : { ...base, figures };
}

/** What the run as a whole says: 1 when there is a fault. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ verdict }) => verdict === "fault") ? 1 : 0;
}

/** What findings about a machine belong to. */
export const MACHINE = "this machine";
