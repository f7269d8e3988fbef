// SPDX-License-Identifier: Apache-2.0
import type { Happening, Reading, RecordReport, Summary, View } from './view.js';

/** One JSON object per line, for programs. */
export class JsonView implements View {
  constructor(private readonly write: (text: string) => void) {}

  happened(happening: Happening): void {
    this.#line({ type: 'happening', ...happening });
  }

  reading(evse: string, atMs: number, reading: Reading): void {
    this.#line({ type: 'reading', evse, atMs, ...reading });
  }

  record(report: RecordReport): void {
    this.#line({ type: 'record', ...report });
  }

  summary(summary: Summary): void {
    this.#line({ type: 'summary', ...summary, phases: Object.fromEntries(summary.phases) });
  }

  #line(value: object): void {
    this.write(`${JSON.stringify(value)}\n`);
  }
}
