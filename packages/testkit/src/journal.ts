// SPDX-License-Identifier: Apache-2.0
import type { Json, RaisedError } from '@carabiner/core';
import type { Clock } from '@carabiner/clock';

/** Where on the module's required side something happened. */
export interface RequirementPlace {
  readonly requirement: string;
  /** Position in the list of connections; 0 for a single one. */
  readonly index: number;
}

/** What the module under test did. */
export type Output =
  | {
      readonly kind: 'published';
      readonly implementation: string;
      readonly variable: string;
      readonly value: unknown;
    }
  | { readonly kind: 'raised'; readonly implementation: string; readonly error: RaisedError }
  | { readonly kind: 'cleared'; readonly implementation: string; readonly error: RaisedError }
  | ({ readonly kind: 'called'; readonly command: string; readonly args: object } & RequirementPlace)
  | {
      readonly kind: 'returned';
      readonly implementation: string;
      readonly command: string;
      readonly value?: unknown;
      readonly error?: Error;
    }
  | {
      readonly kind: 'mqtt-published';
      readonly topic: string;
      readonly payload: string | Uint8Array;
      readonly retain: boolean;
    }
  | {
      readonly kind: 'telemetry';
      readonly category: string;
      readonly subcategory: string;
      readonly values: Json;
    };

/** What was done to the module under test. */
export type Input =
  | ({
      readonly kind: 'peer-published';
      readonly variable: string;
      readonly value: unknown;
    } & RequirementPlace)
  | ({ readonly kind: 'peer-raised'; readonly error: RaisedError } & RequirementPlace)
  | ({ readonly kind: 'peer-cleared'; readonly error: RaisedError } & RequirementPlace)
  | ({
      readonly kind: 'peer-answered';
      readonly command: string;
      readonly value?: unknown;
      readonly error?: Error;
    } & RequirementPlace)
  | {
      readonly kind: 'commanded';
      readonly implementation: string;
      readonly command: string;
      readonly args: object;
    }
  | { readonly kind: 'mqtt-received'; readonly topic: string; readonly payload: string }
  | { readonly kind: 'step'; readonly step: 'construct' | 'init' | 'ready' | 'shutdown' };

/** One line of a {@link Journal}: what happened, and when in milliseconds since the harness was made. */
export type Entry = (Output | Input) & { readonly at: number };

const OUTPUT_KINDS: ReadonlySet<string> = new Set<Output['kind']>([
  'published',
  'raised',
  'cleared',
  'called',
  'returned',
  'mqtt-published',
  'telemetry',
]);

/** True for what the module did, false for what was done to it. */
export function isOutput(entry: Entry): entry is Output & { readonly at: number } {
  return OUTPUT_KINDS.has(entry.kind);
}

/** Everything that went into and came out of the module under test, in order. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #startMs: number;

  constructor(private readonly clock: Clock) {
    this.#startMs = clock.monotonic();
  }

  /** Milliseconds since the harness was made. */
  get nowMs(): number {
    return this.clock.monotonic() - this.#startMs;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Only what the module did. */
  get outputs(): readonly (Output & { readonly at: number })[] {
    return this.#entries.filter(isOutput);
  }

  /** Entries of one kind, typed. */
  of<Kind extends Entry['kind']>(kind: Kind): readonly Extract<Entry, { readonly kind: Kind }>[] {
    return this.#entries.filter(
      (entry): entry is Extract<Entry, { readonly kind: Kind }> => entry.kind === kind,
    );
  }

  /** A position; give it to {@link Journal.since}. */
  mark(): number {
    return this.#entries.length;
  }

  /** What came after `mark`. */
  since(mark: number): readonly Entry[] {
    return this.#entries.slice(mark);
  }

  /** Adds a line with the present time. Values are copied, so later changes by the module do not show. */
  add(entry: Output | Input): void {
    this.#entries.push({ ...entry, at: this.nowMs });
  }
}

/** A copy that later changes of `value` do not reach; what cannot be copied is kept as it is. */
export function snapshot<T>(value: T): T {
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}
