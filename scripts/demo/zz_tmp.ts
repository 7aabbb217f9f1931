import { NamespaceStage } from "./namespace_stage.ts";
import { LoopbackStage } from "./loopback_stage.ts";
import { Story } from "./story.ts";
const t0 = performance.now();
await using stage = Deno.args[0] === "lo" ? await LoopbackStage.set() : await NamespaceStage.set();
console.log("set", performance.now() - t0);
let n = 0;
const story = new Story(stage, (f) => {
  if (n++ % 4 === 0) {
    console.log(
      (f.elapsedMs / 1000).toFixed(1),
      f.title,
      (f.tunnelBps / 1e6).toFixed(1),
      f.rows.map((r) =>
        `${(r.rateBps / 1e6).toFixed(1)} ${r.roundTripMs?.toFixed(0)} ${
          (r.share * 100).toFixed(0)
        }% ${r.state}`
      ).join(" | "),
    );
  }
}, new AbortController().signal);
console.log(await story.play());
console.log("all", performance.now() - t0);
