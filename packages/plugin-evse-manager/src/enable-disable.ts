// SPDX-License-Identifier: Apache-2.0
import type { EnableDisableSource } from './interface-types.js';

/** Deciding source when nobody has an opinion. */
export const NOBODY: EnableDisableSource = {
  enable_source: 'Unspecified',
  enable_state: 'Unassigned',
  enable_priority: 10000,
};

/** Who wants the EVSE enabled or disabled: one row for each source, the lowest priority number decides. */
export class EnableTable {
  readonly #rows = new Map<EnableDisableSource['enable_source'], EnableDisableSource>();

  /** Replaces the row of the source. */
  set(row: EnableDisableSource): void {
    this.#rows.set(row.enable_source, { ...row });
  }

  /** The row that decides. At equal priority, Disable does. */
  get deciding(): EnableDisableSource {
    let best: EnableDisableSource | undefined;
    for (const row of this.#rows.values()) {
      if (row.enable_state === 'Unassigned') continue;
      if (
        best === undefined ||
        row.enable_priority < best.enable_priority ||
        (row.enable_priority === best.enable_priority && row.enable_state === 'Disable')
      )
        best = row;
    }
    return best ?? NOBODY;
  }

  get enabled(): boolean {
    return this.deciding.enable_state !== 'Disable';
  }
}
