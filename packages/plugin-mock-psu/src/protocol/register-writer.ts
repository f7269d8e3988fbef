// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { addressOf, type PowerUnitConnection, type Register } from '@carabiner/fusioncharge';
import type { FaultSet } from '../faults/fault-set.js';

const REGISTER_BYTES = 2;

/** Writes values to a dispenser, remembers what it was told, and can write in halves. */
export class RegisterWriter {
  /** Fingerprint of the last value at each address. */
  readonly #written = new Map<number, unknown>();

  constructor(
    private readonly connection: PowerUnitConnection,
    private readonly clock: Clock,
    private readonly faults: FaultSet,
    private readonly signal: AbortSignal,
  ) {}

  /** Whether the dispenser was ever told this value. */
  hasWritten(register: Register<number>, connector: number): boolean {
    return this.#written.has(addressOf(register, connector));
  }

  /**
   * Writes a value.
   *
   * @param when - `changed` leaves it out when the dispenser was told the same before
   */
  async write<T>(
    register: Register<T>,
    value: T,
    connector = 1,
    when: 'always' | 'changed' = 'always',
  ): Promise<void> {
    const address = addressOf(register, connector);
    if (typeof value === 'number') {
      const before = this.#written.get(address) ?? (when === 'changed' ? 0 : undefined);
      this.#written.set(address, value);
      if (when === 'changed' && before === value) return;
    }
    const halves = this.faults.find('half_written_registers');
    if (halves === undefined || register.type.count === 1) {
      await this.connection.write(register, value, connector);
      return;
    }
    const data = register.type.encode(value);
    const registers = Math.ceil(register.type.count / 2);
    await this.connection.writeRegisters(address, data.subarray(0, registers * REGISTER_BYTES));
    await this.clock.sleep((halves.value ?? 0) * 1000, this.signal);
    await this.connection.writeRegisters(address + registers, data.subarray(registers * REGISTER_BYTES));
  }
}
