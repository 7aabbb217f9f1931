/**
 * `bindlink doctor` as a real process in a namespace, and what it found.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Finding } from "../../src/doctor/finding.ts";
import { BINDLINK_FROM_SOURCE } from "./bindlink_process.ts";
import type { Namespace } from "./namespace.ts";
import type { ProcessOptions } from "./process.ts";

/** One run. */
export class DoctorRun {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  /** All it wrote, for messages. */
  readonly output: string;

  private constructor(exitCode: number, findings: readonly Finding[], output: string) {
    this.exitCode = exitCode;
    this.findings = findings;
    this.output = output;
  }

  /** Runs it to its end. @param wrapper a command that runs it, such as setpriv */
  static async run(
    namespace: Namespace,
    args: readonly string[],
    { wrapper = [], ...options }: ProcessOptions & { readonly wrapper?: readonly string[] } = {},
  ): Promise<DoctorRun> {
    const command = [...wrapper, ...BINDLINK_FROM_SOURCE, "doctor", "--json", ...args];
    await using process = namespace.spawn(command, options);
    const { code } = await process.status;
    try {
      const report = JSON.parse(process.stdout.join("\n"));
      return new DoctorRun(code, report.findings, process.output);
    } catch (cause) {
      throw new Error(`The doctor gave no report:\n${process.output}`, { cause });
    }
  }

  /** Asserts that a fault was named, with something to do. @returns it. */
  assertFault(about: string, text: RegExp): Finding {
    const faults = this.findings.filter((it) => it.about === about && it.verdict === "fault");
    const found = faults.find((it) => text.test(it.text));
    assert(found !== undefined, `${about} has no fault ${text}:\n${this.output}`);
    assert.notEqual(found.advice, "", `no advice for ${about}: ${found.text}`);
    assert.equal(this.exitCode, 1);
    return found;
  }

  /** All faults, as text. */
  get faults(): string[] {
    return this.findings.filter(({ verdict }) => verdict === "fault")
      .map(({ about, text }) => `${about}: ${text}`);
  }
}
