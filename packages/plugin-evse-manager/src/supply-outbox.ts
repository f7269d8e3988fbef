// SPDX-License-Identifier: Apache-2.0

/** Sends one command; the promise ends with the device's answer. */
export type Send = (command: string, args: unknown) => Promise<unknown>;

const SET_POINTS: ReadonlySet<string> = new Set(['setExportVoltageCurrent', 'setImportVoltageCurrent']);

/**
 * Keeps a slow power supply from being flooded: while it works on a set point, only the newest further one is kept.
 * Modes are never held back. Before power is switched on or its phase changes, a set point that was kept goes out; before
 * it is switched off it is dropped.
 */
export class SupplyOutbox {
  #busy = 0;
  #kept: { readonly command: string; readonly args: unknown } | undefined;

  constructor(
    private readonly transmit: Send,
    private readonly failed: (command: string, error: unknown) => void,
  ) {}

  send(command: string, args: unknown): void {
    if (!SET_POINTS.has(command)) {
      const off = command === 'setMode' && (args as { readonly mode?: string }).mode === 'Off';
      if (off) this.#kept = undefined;
      else this.#flush();
      this.transmit(command, args).catch((error: unknown) => this.failed(command, error));
      return;
    }
    if (this.#busy > 0) this.#kept = { command, args };
    else this.#transmitSetPoint(command, args);
  }

  #flush(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) this.#transmitSetPoint(kept.command, kept.args);
  }

  #transmitSetPoint(command: string, args: unknown): void {
    this.#busy += 1;
    const done = (): void => {
      this.#busy -= 1;
      if (this.#busy === 0) this.#flush();
    };
    this.transmit(command, args).then(done, (error: unknown) => {
      this.failed(command, error);
      done();
    });
  }
}
