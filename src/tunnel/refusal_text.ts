/**
 * What a slave's user is told when the master refuses. Pure.
 *
 * @module
 */

import {
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Refusal,
  RefusalCode,
} from "../peer/handshake_payload.ts";

/** What went wrong, and what to do. */
interface Explanation {
  readonly problem: string;
  readonly advice: string;
}

/** A refusal in words. @param refusal the master's answer, or only its code when a notice said it. */
export function explainRefusal(refusal: Refusal | RefusalCode): Explanation {
  const code = typeof refusal === "number" ? refusal : refusal.code;
  if (typeof refusal !== "number" && code === RefusalCode.VERSION) return explainVersions(refusal);
  switch (code) {
    case RefusalCode.REPLACED:
      return {
        problem: "another machine has joined with this token since",
        advice:
          "this one stays away until it is restarted; invite each machine under a name of its own",
      };
    case RefusalCode.REVOKED:
      return {
        problem: "the master has revoked this slave",
        advice: "ask for a new token: bindlink invite NAME, on the master",
      };
    case RefusalCode.CIPHER:
      return {
        problem: "master and slave have no cipher in common",
        advice: "update the older end",
      };
    case RefusalCode.STALE_STAMP:
      return {
        problem: "this machine's clock went back",
        advice: "nothing to do: the handshake is repeated with a later stamp",
      };
    default:
      return {
        problem: `the master refuses for a reason that this version does not know (${code})`,
        advice: "update this end",
      };
  }
}

function explainVersions(
  { minVersion, maxVersion, software }: Refusal,
): Explanation {
  const range = (min: number, max: number): string => min === max ? `${min}` : `${min} to ${max}`;
  const theirs = `${range(minVersion, maxVersion)} (${software || "unknown software"})`;
  const ours = range(MIN_PROTOCOL_VERSION, PROTOCOL_VERSION);
  return {
    problem: `the master speaks protocol version ${theirs}, this slave ${ours}`,
    advice: minVersion > PROTOCOL_VERSION ? "update this slave" : "update the master",
  };
}
