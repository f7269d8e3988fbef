// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** Time from command to mirror contact. */
const SWITCHING_MS = 50;

/** The output contactors with their mirror contacts. Closed only while permitted and wanted. */
export class OutputRelays {
  #permitted = false;
  #wanted = false;
  #closed = false;
  #welded = false;
  #timer: Timer | undefined;

  /**
   * @param onSwitched - told what the mirror contacts report
   * @param onWeldDetected - told when the contacts stay closed although they should be open
   */
  constructor(
    private readonly clock: Clock,
    private readonly onSwitched: (closed: boolean) => void,
    private readonly onWeldDetected: () => void,
  ) {}

  get closed(): boolean {
    return this.#closed;
  }

  /** Permission of the charging logic. */
  permit(permitted: boolean): void {
    this.#permitted = permitted;
    this.#update();
  }

  /** True while the pilot is in C2 or D2, that is while the vehicle asks for power. */
  setWanted(wanted: boolean): void {
    this.#wanted = wanted;
    this.#update();
  }

  /** Welds the contacts: once closed they do not open until repaired. */
  set welded(welded: boolean) {
    this.#welded = welded;
    this.#update();
  }

  #update(): void {
    this.#timer?.cancel();
    const close = this.#permitted && this.#wanted;
    if (close === this.#closed) return;
    this.#timer = this.clock.setTimeout(() => {
      if (!close && this.#welded) {
        this.onWeldDetected();
        return;
      }
      this.#closed = close;
      this.onSwitched(close);
    }, SWITCHING_MS);
  }
}
