// SPDX-License-Identifier: Apache-2.0
import { sparkline } from './sparkline.js';
import type { Happening, Reading, RecordReport, Summary, View } from './view.js';

/** Where text goes; a terminal can rewrite its last line. */
export interface TextOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
}

/** Without a terminal a reading is printed this often, in the charger's own time. */
const PLAIN_READING_PERIOD_MS = 30_000;
const MARKS: Readonly<Record<Happening['kind'], string>> = {
  event: '●',
  step: '·',
  error: '✗',
  cleared: '✓',
  action: '▸',
  info: ' ',
};
const COLOURS: Readonly<Record<Happening['kind'], number>> = {
  event: 36,
  step: 90,
  error: 31,
  cleared: 32,
  action: 33,
  info: 0,
};

interface Meter {
  last: Reading | undefined;
  lastPrintedMs: number;
  readonly powersKw: number[];
}

/** A timeline for people: on a terminal with colours and a live line at the bottom, else plain lines. */
export class TextView implements View {
  readonly #meters = new Map<string, Meter>();
  #live = '';

  constructor(private readonly out: TextOutput) {}

  happened({ atMs, evse, kind, name, text }: Happening): void {
    const place = evse === undefined ? '' : `${evse}  `;
    const mark = this.#paint(`${MARKS[kind]} ${name}`, COLOURS[kind]);
    this.#line(`${seconds(atMs)}  ${place}${mark}${text === '' ? '' : `  ${text}`}`);
  }

  reading(evse: string, atMs: number, reading: Reading): void {
    const meter = this.#meterOf(evse);
    meter.last = reading;
    const powerKw = (reading.voltageV * reading.currentA) / 1000;
    if (powerKw > 0.05 || meter.powersKw.length > 0) meter.powersKw.push(powerKw);
    if (this.out.isTerminal) {
      this.#showLive(atMs);
    } else if (reading.currentA > 0.5 && atMs - meter.lastPrintedMs >= PLAIN_READING_PERIOD_MS) {
      meter.lastPrintedMs = atMs;
      this.#line(`${seconds(atMs)}  ${evse}    ${describe(reading)}`);
    }
  }

  record(report: RecordReport): void {
    this.#line('');
    this.#line(`Signed record of ${report.evse}, transaction ${report.transactionId}`);
    this.#line(`  ${report.record}`);
    const verdict = report.verified
      ? this.#paint('✓ signature valid', 32)
      : this.#paint(`✗ not valid: ${report.reason}`, 31);
    this.#line(`  ${verdict}`);
    if (report.energyKwh !== undefined) this.#line(`  energy ${report.energyKwh} kWh`);
    if (report.durationS !== undefined) this.#line(`  duration ${report.durationS} s`);
    if (report.identification !== undefined) this.#line(`  identification ${report.identification}`);
  }

  summary(summary: Summary): void {
    this.#line('');
    for (const [evse, meter] of this.#meters) {
      if (meter.powersKw.length < 2) continue;
      const highest = Math.max(...meter.powersKw);
      this.#line(`Power of ${evse}, 0 … ${highest.toFixed(1)} kW: ${sparkline(meter.powersKw, 48)}`);
    }
    for (const [evse, phases] of summary.phases) {
      this.#line(`Phases of ${evse} (time factor ${summary.timeFactor}):`);
      for (const phase of phases) {
        this.#line(`  ${phase.name.padEnd(28)} ${(phase.durationMs / 1000).toFixed(1).padStart(8)} s`);
      }
    }
    for (const problem of summary.problems) this.#line(this.#paint(`✗ ${problem}`, 31));
    const verdict = summary.ok ? this.#paint('as expected', 32) : this.#paint('NOT as expected', 31);
    this.#line(`Scenario ${summary.scenario}: ${verdict}, after ${(summary.wallMs / 1000).toFixed(1)} s`);
  }

  #meterOf(evse: string): Meter {
    let meter = this.#meters.get(evse);
    if (meter === undefined) {
      meter = { last: undefined, lastPrintedMs: Number.NEGATIVE_INFINITY, powersKw: [] };
      this.#meters.set(evse, meter);
    }
    return meter;
  }

  #showLive(atMs: number): void {
    const parts = [...this.#meters].map(([evse, meter]) =>
      meter.last === undefined ? '' : `${evse} ${describe(meter.last)} ${sparkline(meter.powersKw, 24)}`,
    );
    this.#live = `${seconds(atMs)}  ${parts.join(' │ ')}`.slice(0, this.out.columns - 1);
    this.out.write(`\r\u001b[2K${this.#live}`);
  }

  #line(text: string): void {
    if (!this.out.isTerminal) {
      this.out.write(`${text}\n`);
      return;
    }
    this.out.write(`\r\u001b[2K${text}\n${this.#live}`);
  }

  #paint(text: string, colour: number): string {
    return this.out.isTerminal && colour !== 0 ? `\u001b[${colour}m${text}\u001b[0m` : text;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(7)} s`;
}

function describe(reading: Reading): string {
  const powerKw = (reading.voltageV * reading.currentA) / 1000;
  const soc = reading.socPercent === undefined ? '' : `  SoC ${reading.socPercent.toFixed(0)} %`;
  return `${reading.voltageV.toFixed(1)} V  ${reading.currentA.toFixed(1)} A  ${powerKw.toFixed(1)} kW  ${reading.energyKwh.toFixed(3)} kWh${soc}`;
}
