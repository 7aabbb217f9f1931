/**
 * What runs at the server in the demo, beside the master: the data's source and the probes' echo.
 * `server_main.ts ECHO_HOST ECHO_PORT DATA_HOST DATA_PORT PAYLOAD_BPS`.
 *
 * @module
 */

import { serveStdin } from "./agent.ts";
import { UdpEcho, UdpSource } from "./udp_stream.ts";

if (import.meta.main) {
  const [echoHost = "", echoPort = "", dataHost = "", dataPort = "", payloadBps = ""] = Deno.args;
  await using _echo = new UdpEcho(echoHost, Number(echoPort));
  using _source = new UdpSource(
    { hostname: dataHost, port: Number(dataPort) },
    Number(payloadBps),
  );
  await serveStdin();
}
