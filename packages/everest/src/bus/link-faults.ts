// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { ConnectionRequest, RaisedError } from '@carabiner/core';

/** Errors that stand for a provider out of reach, in the order of preference. */
const FAULT_NAMES = ['CommunicationFault', 'DeviceFault', 'VendorError'];

/** Why a provider is out of reach; the sub type of the error. */
export type LinkFault = 'broker-lost' | 'module-lost';

/**
 * Errors that a consumer's end raises by itself while the other end is out of reach, since nobody else can: a consumer
 * that charges a car has to hear that its power supply is gone.
 */
export class LinkFaults {
  readonly #raised = new Map<LinkFault, RaisedError>();
  readonly #type: string | undefined;

  constructor(
    private readonly request: ConnectionRequest,
    private readonly clock: Clock,
  ) {
    const types = request.ignoreErrors === true ? [] : request.interface.errors.map(({ type }) => type);
    this.#type = FAULT_NAMES.flatMap((name) => types.filter((type) => type.endsWith(`/${name}`)))[0];
  }

  get active(): readonly RaisedError[] {
    return [...this.#raised.values()];
  }

  raise(fault: LinkFault, message: string): void {
    const error = this.note(fault, message);
    if (error !== undefined) this.request.listener.error(error);
  }

  /**
   * Takes a fault down without telling the consumer, who is being made and asks for the active errors itself.
   *
   * @returns the error; undefined when it is known, or the interface has none for it
   */
  note(fault: LinkFault, message: string): RaisedError | undefined {
    const { target } = this.request;
    if (this.#type === undefined || this.#raised.has(fault)) return undefined;
    const error: RaisedError = {
      type: this.#type,
      sub_type: fault,
      description: 'The module that provides this cannot be reached.',
      message,
      severity: 'High',
      origin: { module_id: target.moduleId, implementation_id: target.implementationId },
      timestamp: new Date(this.clock.now()).toISOString(),
      uuid: crypto.randomUUID(),
      state: 'Active',
      vendor_id: 'carabiner',
    };
    this.#raised.set(fault, error);
    return error;
  }

  clear(fault: LinkFault): void {
    const error = this.#raised.get(fault);
    if (error === undefined) return;
    this.#raised.delete(fault);
    this.request.listener.error({ ...error, state: 'ClearedByReboot' });
  }
}
