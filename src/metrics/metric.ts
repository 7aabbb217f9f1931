/**
 * What a metric is, and the shapes that most have. Pure.
 *
 * @module
 */

import type { DaemonSnapshot, DelayHistogram, LinkSnapshot, SlaveSnapshot } from "../snapshot.ts";

/** What the process uses now; NaN where the system does not tell. */
export interface ProcessStats {
  /** Resident memory. */
  readonly residentBytes: number;
  /** JavaScript heap in use. */
  readonly heapUsedBytes: number;
  /** Open file descriptors. */
  readonly openDescriptors: number;
  /** Runtime, e.g. `2.9.6`. */
  readonly runtimeVersion: string;
}

/** What a metric's numbers are read from. */
export interface MetricInput {
  readonly daemon: DaemonSnapshot;
  readonly process: ProcessStats;
}

/** Takes one number of a metric; label values in the order of the metric's label names. */
export type EmitSample = (value: number, ...labelValues: readonly (string | number)[]) => void;

/** One metric. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly labelNames: readonly string[];
  /** Emits all numbers of the metric. */
  readonly read: (input: MetricInput, emit: EmitSample) => void;
}

/** Delays by how long they were; no labels. */
export interface HistogramDefinition {
  readonly name: string;
  readonly help: string;
  readonly read: (input: MetricInput) => DelayHistogram;
}

/** Labels of a link. `slave` is empty, which Prometheus takes for absent, but at a master with sessions. */
export const LINK_LABELS: readonly string[] = ["link", "id", "slave"];

/** The values of {@link LINK_LABELS}. */
export function labelsOf(link: LinkSnapshot): [string, number, string] {
  return [link.name, link.id, link.slave];
}

/** One number of each link. */
export function linkMetric(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (link: LinkSnapshot) => number,
): MetricDefinition {
  return {
    name: `bindlink_link_${name}`,
    help,
    type,
    labelNames: LINK_LABELS,
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) emit(value(link), ...labelsOf(link));
    },
  };
}

/** One number of each slave. */
export function slaveMetric(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (slave: SlaveSnapshot) => number,
): MetricDefinition {
  return {
    name: `bindlink_slave_${name}`,
    help,
    type,
    labelNames: ["slave"],
    read: ({ daemon }, emit) => {
      for (const slave of daemon.slaves) emit(value(slave), slave.name);
    },
  };
}

/** One number. */
export function plainMetric(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (input: MetricInput) => number,
): MetricDefinition {
  return { name, help, type, labelNames: [], read: (input, emit) => emit(value(input)) };
}
