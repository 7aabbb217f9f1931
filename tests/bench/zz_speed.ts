import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { BARE_SERVER, TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";
import { processorMs } from "./processor_time.ts";
const io = (Deno.args[0] ?? "ffi") as "ffi" | "deno";
const links = Number(Deno.args[1] ?? 2);
const streams = Number(Deno.args[2] ?? 1);
const reverse = Deno.args[3] === "r";
await using rig = await TunnelRig.create({ links, io });
await using _s = await Iperf3Server.start(rig.server);
const b = rig.ends.map((e) => processorMs(e.process.pid));
const t0 = performance.now();
const r = await runIperf3(rig.laptop, { host: TUNNEL_SERVER, seconds: 4, streams, omitSeconds: 1, reverse });
const dt = performance.now() - t0;
console.log(io, links, streams, (r.receivedBps / 1e6).toFixed(0), "Mbit/s; retr", r.intervals.reduce((s, i) => s + (i.retransmits ?? 0), 0), "cpu slave, master", rig.ends.map((e, i) => ((processorMs(e.process.pid) - b[i]) / dt).toFixed(2)).join(" "), "intervals", r.intervals.map((i) => (i.bytes * 8 / 1e6 / (i.end - i.start)).toFixed(0)).join(","));
for (const e of rig.ends) { const { body } = await e.namespace.fetchText("http://127.0.0.1:8080/metrics");
console.log(body.split("\n").filter((l) => /^bindlink_(dropped|queue_dropped|resent|given|copied|reorder|link_(capac|queue_delay|round|loss))/.test(l) && !/ 0$/.test(l)).join("\n")); }
for (const e of rig.ends) console.log(e.process.stderr.filter((l) => l.includes("DBG")).slice(-2).join("\n"));
if (Deno.args[4]) { const rb = await runIperf3(rig.laptop, { host: BARE_SERVER, seconds: 3, streams }); console.log("bare", (rb.receivedBps / 1e6).toFixed(0)); }
