/**
 * The error for what a user asked wrongly: thrown before any socket or device opens.
 *
 * @module
 */

/** What the user asked cannot be done as asked; the message says what to type. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
