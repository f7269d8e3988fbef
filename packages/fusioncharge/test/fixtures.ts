// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** One message of a captured run. */
export interface CapturedMessage {
  readonly ms: number;
  readonly dir: 'psu>dispenser' | 'dispenser>psu';
  readonly tid: number;
  readonly unit: number;
  readonly fc: number;
  readonly hex: string;
  readonly dataLen?: number;
  readonly devices?: readonly {
    readonly location: number;
    readonly segments: Readonly<Record<string, string>>;
  }[];
}

/** Reads a JSON fixture. */
export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../test/fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** The messages of a captured run. */
export function capturedRun(name: string): readonly CapturedMessage[] {
  return fixture(name) as readonly CapturedMessage[];
}
