// SPDX-License-Identifier: Apache-2.0
import type { ModuleStatus, RaisedError, RuntimeEvent } from '@carabiner/core';
import type { Timer } from '@carabiner/clock';
import type { CliIo } from './cli-io.js';

const REDRAW_MS = 250;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** What the line tells of a runtime. */
export interface StatusSource {
  readonly state: string;
  modules(): readonly Pick<ModuleStatus, 'id' | 'state'>[];
  activeErrors(): readonly Pick<RaisedError, 'type' | 'origin'>[];
}

/** One line at the bottom of a terminal that shows how a composition is; log lines scroll above it. */
export class StatusLine {
  #source: StatusSource | undefined;
  #timer: Timer | undefined;
  #frame = 0;
  #values = 0;
  #valuesPerSecond = 0;
  #shown = false;

  constructor(private readonly io: CliIo) {}

  /** Begins to draw, on a terminal; does nothing elsewhere. */
  start(source: StatusSource): void {
    if (!this.io.isTerminal) return;
    this.#source = source;
    this.#timer = this.io.clock.setInterval(() => {
      this.#frame += 1;
      if (this.#frame % (1_000 / REDRAW_MS) === 0) {
        this.#valuesPerSecond = this.#values;
        this.#values = 0;
      }
      this.#draw();
    }, REDRAW_MS);
    this.#draw();
  }

  /** Counts what goes by. */
  saw(event: RuntimeEvent): void {
    if (event.kind === 'variable') this.#values += 1;
  }

  /** Writes a text above the line. */
  write(text: string): void {
    this.#clear();
    this.io.out(text);
    if (text.endsWith('\n')) this.#draw();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#clear();
    this.#source = undefined;
  }

  #draw(): void {
    if (this.#source === undefined) return;
    const text = statusText(this.#source, this.#valuesPerSecond);
    const spinner = SPINNER[this.#frame % SPINNER.length] ?? '';
    this.io.out(`\r\u001b[2K${`${spinner} ${text}`.slice(0, this.io.columns - 1)}`);
    this.#shown = true;
  }

  #clear(): void {
    if (this.#shown) this.io.out('\r\u001b[2K');
    this.#shown = false;
  }
}

/** The text of the line: state, modules that run, those that do not, errors. */
export function statusText(source: StatusSource, valuesPerSecond: number): string {
  const modules = source.modules();
  const running = modules.filter(({ state }) => state === 'running').length;
  const others = modules.filter(({ state }) => state !== 'running').map(({ id, state }) => `${id} ${state}`);
  const errors = source.activeErrors().map(({ type, origin }) => `${origin.module_id}: ${type}`);
  return [
    `${source.state}: ${running} of ${modules.length} modules`,
    ...(others.length > 0 ? [others.slice(0, 3).join(', ')] : []),
    `${valuesPerSecond.toFixed(0)} values/s`,
    errors.length === 0 ? 'no errors' : `${errors.length} active: ${errors.slice(0, 3).join(', ')}`,
  ].join(' · ');
}
