/**
 * One line that says how a daemon is, for `systemctl status`. Pure.
 *
 * @module
 */

import type { DaemonSnapshot } from "../snapshot.ts";

/** E.g. `2 of 3 links up`, `4 of 5 slaves connected, 9 links up`. */
export function statusText(
  { role, protocol, links, slaves }: Pick<DaemonSnapshot, "role" | "protocol" | "links" | "slaves">,
): string {
  const linksUp = links.filter(({ state }) => state === "up").length;
  if (role === "master" && protocol === "secure") {
    const connected = slaves.filter(({ isConnected }) => isConnected).length;
    const linksText = `${linksUp} ${linksUp === 1 ? "link" : "links"} up`;
    return slaves.length === 0
      ? "No slaves yet: bindlink invite NAME lets one in"
      : `${connected} of ${slaves.length} slaves connected, ${linksText}`;
  }
  return role === "master" ? `${linksUp} links up` : `${linksUp} of ${links.length} links up`;
}
