// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Clock } from '@carabiner/clock';
import type {
  ErrorDescriptor,
  ErrorOrigin,
  ErrorRaiser,
  ErrorReport,
  ErrorState,
  Logger,
  RaisedError,
} from '../contract/index.js';

/** Vendor of errors whose report names none. */
export const DEFAULT_VENDOR = 'carabiner';

/** Errors that stand for a module out of service, the most fitting first. */
const FAULT_NAMES: readonly string[] = ['CommunicationFault', 'DeviceFault', 'VendorError'];

/** Sub type of errors that the host raises on behalf of a module. */
export const FAULT_SUB_TYPE = 'module-failed';

interface Entry {
  readonly error: RaisedError;
  /** The life of the module that raised it, or raised it again. */
  life: number;
}

/** Errors of one provided implementation. They outlive the module instance that raised them. */
export class ImplementationErrors implements ErrorRaiser {
  #descriptions: ReadonlyMap<string, string> = new Map();
  readonly #active = new Map<string, Entry>();
  #life = 0;

  /** @param send - hands an error that was raised or cleared to the bus */
  constructor(
    private readonly origin: ErrorOrigin,
    listed: readonly ErrorDescriptor[],
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly send: (error: RaisedError) => void,
  ) {
    this.adopt(listed);
  }

  /** Takes the list of errors of another version of the interface. */
  adopt(listed: readonly ErrorDescriptor[]): void {
    this.#descriptions = new Map(listed.map(({ type, description }) => [type, description]));
  }

  get active(): readonly RaisedError[] {
    return [...this.#active.values()].map(({ error }) => error);
  }

  raise(report: ErrorReport): RaisedError | undefined {
    const { type, subType = '', message, severity = 'Low', vendorId = DEFAULT_VENDOR } = report;
    const listed = this.#descriptions.get(type);
    if (listed === undefined) {
      this.log.error('the interface does not list this error type; it is not raised', {
        type,
        implementation: this.origin.implementation_id,
      });
      return undefined;
    }
    const key = keyOf(type, subType);
    const present = this.#active.get(key);
    if (present !== undefined) {
      present.life = this.#life;
      return present.error;
    }
    const error: RaisedError = {
      type,
      sub_type: subType,
      description: report.description ?? listed,
      message,
      severity,
      origin: this.origin,
      timestamp: new Date(this.clock.now()).toISOString(),
      uuid: randomUUID(),
      state: 'Active',
      vendor_id: vendorId,
    };
    this.#active.set(key, { error, life: this.#life });
    this.send(error);
    return error;
  }

  clear(type: string, subType = ''): void {
    this.#clear(keyOf(type, subType), 'ClearedByModule');
  }

  clearAllOf(type: string): void {
    for (const [key, { error }] of [...this.#active])
      if (error.type === type) this.#clear(key, 'ClearedByModule');
  }

  clearAll(): void {
    for (const key of [...this.#active.keys()]) this.#clear(key, 'ClearedByModule');
  }

  isActive(type: string, subType = ''): boolean {
    return this.#active.has(keyOf(type, subType));
  }

  /** Raises the error that stands for a module out of service, if the interface has one. */
  raiseFault(message: string): void {
    for (const name of FAULT_NAMES)
      for (const type of this.#descriptions.keys())
        if (type.endsWith(`/${name}`)) {
          this.raise({ type, subType: FAULT_SUB_TYPE, message, severity: 'High' });
          return;
        }
  }

  /** A new instance of the module begins: what it does not raise again is cleared by {@link dropFormerLife}. */
  beginLife(): void {
    this.#life += 1;
  }

  /** Clears what an earlier instance of the module raised and the present one did not. */
  dropFormerLife(): void {
    for (const [key, { life }] of [...this.#active])
      if (life !== this.#life) this.#clear(key, 'ClearedByReboot');
  }

  #clear(key: string, state: ErrorState): void {
    const entry = this.#active.get(key);
    if (entry === undefined) return;
    this.#active.delete(key);
    this.send({ ...entry.error, state });
  }
}

function keyOf(type: string, subType: string): string {
  return `${type}\n${subType}`;
}
