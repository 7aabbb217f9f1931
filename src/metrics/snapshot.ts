export type { DaemonSnapshot, LinkSnapshot, LinkState, SnapshotSource } from "../snapshot.ts";
