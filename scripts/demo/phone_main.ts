/**
 * One phone of the demo as a process inside its namespace: `phone_main.ts PLACE HOST PORT`.
 * A signal takes its network away.
 *
 * @module
 */

import { CUT_SIGNAL, serveStdin } from "./agent.ts";
import { RunningPhone } from "./demo_phone.ts";
import { PHONES } from "./phones.ts";

if (import.meta.main) {
  const [place = "", hostname = "", port = ""] = Deno.args;
  const phone = PHONES[Number(place)];
  if (phone === undefined) throw new Error(`Cannot start phone "${place}": there is none`);
  await using running = new RunningPhone(phone, { hostname, port: Number(port) });
  Deno.addSignalListener(CUT_SIGNAL, () => running.cut());
  await serveStdin();
}
