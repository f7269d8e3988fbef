// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { removeAtExit } from './leftovers.js';
import type { Happening, Reading, RecordReport, View } from './view/view.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

const lineSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('happening'),
    atMs: z.number(),
    evse: z.string().optional(),
    kind: z.enum(['event', 'step', 'error', 'cleared', 'action', 'info']),
    name: z.string(),
    text: z.string(),
    uuid: z.string().optional(),
  }),
  z.looseObject({
    type: z.literal('reading'),
    evse: z.string(),
    atMs: z.number(),
    voltageV: z.number(),
    currentA: z.number(),
    energyKwh: z.number(),
    socPercent: z.number().optional(),
  }),
  z.looseObject({
    type: z.literal('record'),
    evse: z.string(),
    transactionId: z.string(),
    record: z.string(),
    verified: z.boolean(),
    reason: z.string(),
    energyKwh: z.string().optional(),
    durationS: z.number().optional(),
    identification: z.string().optional(),
  }),
  z.looseObject({ type: z.literal('summary'), ok: z.boolean(), problems: z.array(z.string()) }),
]);

/** The charger of this example in a process of its own, so that it can be killed. */
export class ChildRun {
  readonly happenings: Happening[] = [];
  readonly readings: (Reading & { readonly evse: string })[] = [];
  readonly records: RecordReport[] = [];
  /** What the run itself found wrong; undefined while it has not ended by itself. */
  problems: readonly string[] | undefined;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();

  /** @param args - command line of the example without `--json` */
  constructor(args: readonly string[], view: View | undefined) {
    const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    const removed = removeAtExit(() => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.#take(line, view));
    this.ended = new Promise((resolve) => {
      lines.once('close', () => {
        removed();
        resolve();
        this.#changed();
      });
    });
  }

  /** Session id of the transaction that was announced, if any. */
  transaction(event: 'TransactionStarted' | 'TransactionFinished'): string | undefined {
    return this.happenings.find(({ name }) => name === event)?.uuid;
  }

  /** Resolves when `holds`, or when the process has ended. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const reached = new Promise<void>((resolve) => {
      const watcher = (): void => {
        if (!holds()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
    await Promise.race([reached, this.ended]);
  }

  /** Looks again at what {@link ChildRun.until} waits for. */
  nudge(): void {
    this.#changed();
  }

  /** Ends the process as a power failure does: at once, with no chance to write anything. */
  async kill(): Promise<void> {
    // As a power failure does it: the processes of its modules end in the same moment, without a last word.
    for (const pid of childrenOf(this.#process.pid)) process.kill(pid, 'SIGKILL');
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  #take(text: string, view: View | undefined): void {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return; // the last line of a killed process may be cut short
    }
    const parsed = lineSchema.safeParse(json);
    if (!parsed.success) return;
    const line = parsed.data;
    switch (line.type) {
      case 'happening': {
        const happening: Happening = { ...line, evse: line.evse, uuid: line.uuid };
        this.happenings.push(happening);
        view?.happened(happening);
        break;
      }
      case 'reading': {
        const reading: Reading = { ...line, socPercent: line.socPercent };
        this.readings.push({ ...reading, evse: line.evse });
        view?.reading(line.evse, line.atMs, reading);
        break;
      }
      case 'record': {
        const { energyKwh, durationS, identification } = line;
        const record: RecordReport = { ...line, energyKwh, durationS, identification };
        this.records.push(record);
        view?.record(record);
        break;
      }
      case 'summary':
        this.problems = line.problems;
        break;
    }
    this.#changed();
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Processes that a process has started, where the system tells. */
export function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return list === '' ? [] : list.split(' ').map(Number);
  } catch {
    return [];
  }
}
