/**
 * bindlink joins several bad uplinks into one tunnel. This is the program's entry; as a library it
 * gives the daemon itself.
 *
 * @module
 */

import { main } from "./src/main.ts";

export { runDaemon } from "./src/run_daemon.ts";
export type {
  Cidr,
  CommonOptions,
  DaemonOptions,
  LegacyOptions,
  ListenOptions,
  MasterOptions,
  MetricsSpec,
  SlaveIdentity,
  SlaveOptions,
  TundevSpec,
} from "./src/daemon_options.ts";
export type { LinkSpec, ProxySpec } from "./src/linkmap/link_spec.ts";
export type { Logger, LogProperties } from "./src/log.ts";
export { UsageError } from "./src/usage_error.ts";
export { VERSION } from "./src/version.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
