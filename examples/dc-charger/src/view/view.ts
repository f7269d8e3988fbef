// SPDX-License-Identifier: Apache-2.0
import type { Phase } from './phases.js';

/** What flows at one connector. */
export interface Reading {
  readonly voltageV: number;
  readonly currentA: number;
  readonly energyKwh: number;
  readonly socPercent: number | undefined;
}

/** Something that happened, as people read it. */
export interface Happening {
  /** Milliseconds since the charger was ready, in the charger's own time. */
  readonly atMs: number;
  /** EVSE it belongs to; undefined for the charger as a whole. */
  readonly evse: string | undefined;
  readonly kind: 'event' | 'step' | 'error' | 'cleared' | 'action' | 'info';
  readonly name: string;
  readonly text: string;
  /** Session id, for session events. */
  readonly uuid: string | undefined;
}

/** The signed record of a transaction and what its verification said. */
export interface RecordReport {
  readonly evse: string;
  readonly transactionId: string;
  readonly record: string;
  readonly verified: boolean;
  readonly reason: string;
  readonly energyKwh: string | undefined;
  readonly durationS: number | undefined;
  readonly identification: string | undefined;
}

/** How a run ended. */
export interface Summary {
  readonly scenario: string;
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly timeFactor: number;
  readonly wallMs: number;
  readonly phases: ReadonlyMap<string, readonly Phase[]>;
}

/** Shows a run to somebody. */
export interface View {
  happened(happening: Happening): void;
  reading(evse: string, atMs: number, reading: Reading): void;
  record(report: RecordReport): void;
  summary(summary: Summary): void;
}
