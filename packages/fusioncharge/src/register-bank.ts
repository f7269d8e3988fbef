// SPDX-License-Identifier: Apache-2.0
import { ERROR_REGISTERS } from './error-registers.js';
import { addressOf, MAX_CONNECTORS, VALUE_REGISTERS, type Register } from './registers.js';

/** Highest register address plus one. */
const ADDRESS_SPACE = 0x10000;

/** Registers one read may return beyond the last address; they are a gap like any other. */
const OVERHANG = 125;

/** Called when the power unit has written a value. `value` is the whole value, also after a partial write. */
export type WriteListener<T> = (value: T, connector: number) => void;

/** A register at its place in the address space. */
interface Slot {
  readonly register: Register;
  /** Local connector number; 1 for values that are not per connector. */
  readonly connector: number;
  readonly address: number;
  /** Order in which the values of one write take effect. */
  readonly rank: number;
  readonly listeners: WriteListener<unknown>[];
  compute: (() => unknown) | undefined;
  /** The power unit has written the value, or a part of it. */
  written: boolean;
}

/** Errors, then dispenser, then power unit; then per connector its own values before those of its port. */
function rankOf(register: Register, connector: number): number {
  if (register.perConnector)
    return 10 * connector + (register.address >= 0x2000 && register.address < 0x3000 ? 1 : 0);
  if (register.address >= 0x4000) return 0;
  return register.setBy === 'dispenser' ? 1 : 2;
}

/**
 * The registers of a dispenser: one image of the address space in which every value has its place.
 *
 * Gaps read as zero and swallow writes, so reads and writes may span anything.
 */
export class RegisterBank {
  readonly #image = Buffer.alloc(2 * (ADDRESS_SPACE + OVERHANG));
  /** Slot index plus one of each address; 0 is a gap. */
  readonly #slotAt = new Uint16Array(ADDRESS_SPACE + OVERHANG);
  readonly #slots: Slot[] = [];
  readonly #computed: Slot[] = [];

  /** @param connectors - number of connectors in use, 1 to 4; the blocks of others are gaps */
  constructor(readonly connectors: number) {
    if (!Number.isInteger(connectors) || connectors < 1 || connectors > MAX_CONNECTORS)
      throw new RangeError(`a dispenser has 1 to ${MAX_CONNECTORS} connectors, not ${connectors}`);
    const all = [...ERROR_REGISTERS.map((error) => error.register), ...VALUE_REGISTERS];
    for (const register of all)
      for (let connector = 1; connector <= (register.perConnector ? connectors : 1); connector++)
        this.#place(register, connector);
  }

  /** The value of a register. */
  get<T>(register: Register<T>, connector = 1): T {
    const slot = this.#slotOf(register, connector);
    this.#refresh(slot);
    return register.type.decode(this.#bytesOf(slot));
  }

  /**
   * Sets a value on the dispenser's behalf; listeners are not called.
   *
   * @throws FusionChargeError `FUSIONCHARGE_VALUE` when it does not fit
   */
  set<T>(register: Register<T>, value: T, connector = 1): void {
    this.#bytesOf(this.#slotOf(register, connector)).set(register.type.encode(value));
  }

  /** Whether the power unit has written the value since the bank was made. */
  written(register: Register, connector = 1): boolean {
    return this.#slotOf(register, connector).written;
  }

  /** From now on the value is computed each time it is read. */
  compute<T>(register: Register<T>, value: () => T, connector = 1): void {
    const slot = this.#slotOf(register, connector);
    if (slot.compute === undefined) this.#computed.push(slot);
    slot.compute = value;
  }

  /** Calls `listener` after each write of the power unit to `register`, of any connector. */
  onWrite<T>(register: Register<T>, listener: WriteListener<T>): void {
    for (const slot of this.#slots)
      if (slot.register === register) slot.listeners.push(listener as WriteListener<unknown>);
  }

  /**
   * The bytes of `count` registers (at most 125), gaps as zero.
   * A view of the image: it follows later writes, so use it at once.
   */
  read(address: number, count: number): Buffer {
    for (const slot of this.#computed)
      if (slot.address < address + count && address < slot.address + slot.register.type.count)
        this.#refresh(slot);
    return this.#image.subarray(2 * address, 2 * (address + count));
  }

  /**
   * A write of the power unit. Whole or partial, each value it touches takes effect in turn, in the order of
   * precedence and not of address; its listeners run before the next value changes.
   */
  write(address: number, data: Buffer): void {
    const end = Math.min(address + data.length / 2, ADDRESS_SPACE);
    const touched: Slot[] = [];
    for (let at = address; at < end;) {
      const slot = this.#slots[(this.#slotAt[at] ?? 0) - 1];
      if (slot === undefined) {
        at += 1;
        continue;
      }
      if (slot.register.peerWrite === 'held') touched.push(slot);
      at = slot.address + slot.register.type.count;
    }
    touched.sort((a, b) => a.rank - b.rank || a.address - b.address);
    for (const slot of touched) {
      const from = Math.max(address, slot.address);
      const to = Math.min(end, slot.address + slot.register.type.count);
      data.copy(this.#image, 2 * from, 2 * (from - address), 2 * (to - address));
      slot.written = true;
      const bytes = this.#bytesOf(slot);
      if (slot.register.type.name.startsWith('string')) {
        const terminator = bytes.indexOf(0);
        if (terminator >= 0) bytes.fill(0, terminator);
      }
      if (slot.listeners.length === 0) continue;
      const value = slot.register.type.decode(bytes);
      for (const listener of slot.listeners) listener(value, slot.connector);
    }
  }

  #place(register: Register, connector: number): void {
    const address = addressOf(register, connector);
    const rank = rankOf(register, connector);
    this.#slots.push({
      register,
      connector,
      address,
      rank,
      listeners: [],
      compute: undefined,
      written: false,
    });
    this.#slotAt.fill(this.#slots.length, address, address + register.type.count);
  }

  #slotOf(register: Register, connector: number): Slot {
    const slot = this.#slots[(this.#slotAt[addressOf(register, connector)] ?? 0) - 1];
    if (slot?.register !== register)
      throw new RangeError(`${register.name} of connector ${connector} is not in this register bank`);
    return slot;
  }

  #bytesOf(slot: Slot): Buffer {
    return this.#image.subarray(2 * slot.address, 2 * (slot.address + slot.register.type.count));
  }

  #refresh(slot: Slot): void {
    if (slot.compute !== undefined) this.#bytesOf(slot).set(slot.register.type.encode(slot.compute()));
  }
}
