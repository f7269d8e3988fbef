// SPDX-License-Identifier: Apache-2.0
import type { ErrorReport } from '@carabiner/core';
import { describeError, ERROR_REGISTERS, errorSubtype, type RegisterBank } from '@carabiner/fusioncharge';
import type { PowerSupplyDCErrorType } from '@carabiner/interfaces/interfaces/power_supply_DC';

const TYPE = 'power_supply_DC/VendorWarning';

/** Where errors are told; they belong to the power unit, so to every connector. */
export interface ErrorSink {
  raise(report: ErrorReport<PowerSupplyDCErrorType>): void;
  clear(type: PowerSupplyDCErrorType, subType: string): void;
}

/** The errors that the power unit has raised, as they were last told to the interface. */
export class PowerUnitErrors {
  readonly #raised = new Map<string, number>();

  /**
   * Compares with the registers: what is new is raised, then what is gone cleared, then what changed raised again.
   *
   * @param all - false on a connection that is not set up yet: only what was written on it counts
   */
  update(bank: RegisterBank, tell: ErrorSink, all = true): void {
    const changed: ErrorReport<PowerSupplyDCErrorType>[] = [];
    const gone: string[] = [];
    for (const error of ERROR_REGISTERS) {
      if (!all && !bank.written(error.register)) continue;
      const subType = errorSubtype(error);
      const value = bank.get(error.register);
      const before = this.#raised.get(subType) ?? 0;
      if (value === before) continue;
      const report = {
        type: TYPE,
        subType,
        message: describeError(error, value),
        severity: 'Medium',
      } as const;
      if (value === 0) gone.push(subType);
      else if (before === 0) tell.raise(report);
      else changed.push(report);
      if (value === 0) this.#raised.delete(subType);
      else this.#raised.set(subType, value);
    }
    for (const subType of gone) tell.clear(TYPE, subType);
    for (const report of changed) {
      tell.clear(TYPE, report.subType ?? '');
      tell.raise(report);
    }
  }
}
