/**
 * `bindlink invite`: adds a slave and prints its join token.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import { formatHostPort } from "../net_address.ts";
import { encodeKey } from "../state/key_text.ts";
import type { Invitation } from "../state/master_admin.ts";
import { askMaster } from "./ask_master.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";

/** The request for an invitation. */
export type InviteRequest = Extract<CommandRequest, { kind: "invite" }>;

/**
 * Prints the token alone on stdout, so that it can be piped; what to do with it on stderr.
 * @throws UsageError, StateError, Error.
 */
export async function runInvite(request: InviteRequest, io: CommandIo): Promise<void> {
  const { result, isRunning, notes } = await askMaster(request.stateDir, {
    command: "invite",
    name: request.name,
    endpoints: request.endpoints,
    publicKey: request.publicKey === null ? null : encodeKey(request.publicKey),
  });
  // A master of another version answers the same or refuses: control messages carry a version.
  const invitation = result as Invitation;
  deliver(io, request.name, invitation.token);
  printNote(io, advice(request, invitation, [...notes, startNote(isRunning)]));
  if (request.showsQr) await printQr(io, invitation.token);
}

/** A token that got lost cannot be printed again: the master keeps only what it must know. */
function deliver(io: CommandIo, name: string, token: string): void {
  try {
    printResult(io, `${token}\n`);
  } catch (error) {
    throw new Error(
      `${name} was invited, but its token got lost: type "bindlink revoke ${name}" and invite again`,
      { cause: error },
    );
  }
}

function advice(request: InviteRequest, invitation: Invitation, notes: readonly string[]): string {
  const { addresses, endpoints, areEndpointsGuessed } = invitation;
  const hasOwnKey = request.publicKey !== null;
  const lines = [
    "",
    `On ${request.name}:  ${
      hasOwnKey ? "bindlink join - --key-file FILE" : "bindlink join -"
    }   (it waits for the line above: paste it)`,
    `then:${" ".repeat(request.name.length - 1)}  bindlink slave`,
    "",
    `Its addresses in the tunnel: ${addresses.join(", ")}`,
    `It reaches this master at: ${
      endpoints.map(({ host, port }) => formatHostPort(host, port)).join(", ")
    }`,
  ];
  if (areEndpointsGuessed) {
    lines.push(
      "  (public addresses of this machine; where slaves reach it otherwise, " +
        `revoke ${request.name} and invite it with --endpoint HOST:PORT)`,
    );
  }
  if (!hasOwnKey) lines.push(`Keep the token secret: whoever has it is ${request.name}.`);
  lines.push(...notes.filter((note) => note !== ""));
  return `${lines.join("\n")}\n`;
}

function startNote(isRunning: boolean): string {
  return isRunning
    ? "It may join at once."
    : "No master runs now: it can join as soon as one does.";
}

async function printQr(io: CommandIo, token: string): Promise<void> {
  // Only here: no other command needs the encoder.
  const { qrText } = await import("./qr_text.ts");
  const text = qrText(token, io.hasColors);
  const columns = text.widthColumns;
  printNote(
    io,
    columns <= io.columns
      ? `\n${text.lines.join("\n")}\n`
      : `The token's QR code needs ${columns} columns and this terminal has ${io.columns}: ` +
        "widen it, or name fewer endpoints\n",
  );
}
