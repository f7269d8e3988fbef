// SPDX-License-Identifier: Apache-2.0
import { checkConfigValue, describeConfigValue, own } from '@carabiner/dialect';
import type { ConfigAccess, ModuleEntry } from '../composition/run-configuration.js';
import type { ConfigParameter, ConfigValue, Logger } from '../contract/index.js';
import { toError } from '../exceptions/index.js';
import { UnknownNameError } from '../lifecycle/lifecycle-errors.js';
import type { ModuleSlot } from '../lifecycle/module-slot.js';
import type { OverlayFile } from './overlay-file.js';

/** A parameter of a module or of one of its implementations. */
export interface ParameterAddress {
  readonly moduleId: string;
  /** Undefined means the module level. */
  readonly implementationId?: string;
  readonly parameter: string;
}

/** A parameter with its present value. */
export interface ParameterState extends ParameterAddress {
  readonly declaration: ConfigParameter;
  /** Undefined for a `WriteOnly` parameter. */
  readonly value: ConfigValue | undefined;
}

/** What became of a new value. */
export interface SetConfigResult {
  /** `accepted`: counts now. `reboot-required`: stored, counts from the next start. `rejected`: nothing changed. */
  readonly status: 'accepted' | 'reboot-required' | 'rejected' | 'access-denied';
  /** Why, where there is a reason to tell. */
  readonly reason?: string;
}

/** Reads and changes parameters while the system runs. */
export class RuntimeConfig {
  /**
   * @param overlay - where accepted values are kept; undefined when the composition is no file
   * @param entries - of the whole composition: modules of other processes ask, too
   */
  constructor(
    private readonly slots: ReadonlyMap<string, ModuleSlot>,
    private readonly overlay: OverlayFile | undefined,
    private readonly log: Logger,
    private readonly entries: readonly ModuleEntry[],
  ) {}

  /**
   * @param origin - module id of who asks; undefined for the host, which may read everything
   * @throws UnknownNameError
   */
  get(address: ParameterAddress, origin?: string): ParameterState | 'access-denied' {
    const { slot, declaration, values } = this.#find(address);
    if (!this.#may('read', slot, origin)) return 'access-denied';
    return {
      ...address,
      declaration,
      value: declaration.mutability === 'WriteOnly' ? undefined : values[address.parameter],
    };
  }

  /** All parameters `origin` may read, in the order of composition and manifest. */
  all(origin?: string): readonly ParameterState[] {
    return [...this.slots.values()]
      .filter((slot) => this.#may('read', slot, origin))
      .flatMap((slot) => {
        const { shape } = slot.loaded;
        const places: readonly (readonly [string | undefined, object])[] = [
          [undefined, shape.config],
          ...Object.entries(shape.provides).map(([id, { config }]) => [id, config] as const),
        ];
        return places.flatMap(([implementationId, parameters]) =>
          Object.keys(parameters).map((parameter) =>
            this.get({
              moduleId: slot.id,
              parameter,
              ...(implementationId === undefined ? {} : { implementationId }),
            }),
          ),
        );
      })
      .filter((state) => state !== 'access-denied');
  }

  /**
   * Changes a parameter: checks the value, asks the module, keeps the value in the overlay file.
   *
   * @param origin - module id of who asks; undefined for the host, which may set what is not `ReadOnly`. What a module may
   *   set of its own counts from its next start where it is `ReadOnly`
   * @throws UnknownNameError
   */
  async set(address: ParameterAddress, value: ConfigValue, origin?: string): Promise<SetConfigResult> {
    const { slot, declaration } = this.#find(address);
    const { parameter, implementationId } = address;
    if (!this.#may('write', slot, origin)) return { status: 'access-denied' };
    if (declaration.mutability === 'ReadOnly' && !this.#may('setReadOnly', slot, origin))
      return { status: 'rejected', reason: `'${parameter}' is ReadOnly` };
    const problem = checkConfigValue(parameter, declaration, value);
    if (problem !== undefined)
      return {
        status: 'rejected',
        reason:
          declaration.mutability === 'WriteOnly'
            ? `'${parameter}' must be ${describeConfigValue(declaration)}`
            : `${problem.message}; expected ${problem.expected}`,
      };
    return await slot.exclusive(async () => {
      // A fresh look: another instance may have come while this waited for its turn.
      const { values } = this.#find(address);
      const answer =
        declaration.mutability === 'ReadOnly' || slot.instance === undefined
          ? 'reboot-required'
          : await slot.configHandlers.ask(parameter, value, implementationId);
      if (typeof answer === 'object') return { status: 'rejected', reason: answer.rejected };
      if (answer === 'accepted') values[parameter] = value;
      slot.remember(parameter, value, implementationId);
      const unwritten = await this.#keep(address, value);
      this.log.info('a parameter was set', { ...address, status: answer });
      return unwritten === undefined ? { status: answer } : { status: answer, reason: unwritten };
    });
  }

  async #keep(address: ParameterAddress, value: ConfigValue): Promise<string | undefined> {
    if (this.overlay === undefined) return 'not kept, since the composition is no file';
    const { moduleId, implementationId, parameter } = address;
    const place =
      implementationId === undefined ? ['config_module'] : ['config_implementation', implementationId];
    try {
      await this.overlay.set([{ path: ['active_modules', moduleId, ...place, parameter], value }]);
      return undefined;
    } catch (thrown) {
      const error = toError(thrown);
      this.log.error('a parameter could not be kept', { ...address, err: error });
      return error.message;
    }
  }

  #find({ moduleId, implementationId, parameter }: ParameterAddress): {
    readonly slot: ModuleSlot;
    readonly declaration: ConfigParameter;
    readonly values: { [parameter: string]: ConfigValue };
  } {
    const slot = this.slots.get(moduleId);
    if (slot === undefined)
      throw new UnknownNameError(`there is no module ${moduleId}`, moduleId, this.slots.keys());
    // As the next start will see it, which reads the manifest.
    const { shape } = slot.loaded;
    const [declarations, values] =
      implementationId === undefined
        ? [shape.config, slot.config.module]
        : [own(shape.provides, implementationId)?.config, own(slot.config.implementations, implementationId)];
    const declaration = own(declarations ?? {}, parameter);
    if (declaration === undefined || values === undefined) {
      const place = implementationId === undefined ? moduleId : `${moduleId}/${implementationId}`;
      throw new UnknownNameError(
        `${place} has no parameter '${parameter}'`,
        parameter,
        Object.keys(declarations ?? {}),
      );
    }
    return { slot, declaration, values };
  }

  /** The host and the module itself may; others need `access` in their own entry of the composition. */
  #may(what: 'read' | 'write' | 'setReadOnly', slot: ModuleSlot, origin: string | undefined): boolean {
    const access = origin === undefined ? undefined : this.#accessOf(origin);
    const given = access?.modules[slot.id];
    switch (what) {
      case 'read':
        return (
          origin === undefined ||
          origin === slot.id ||
          access?.allowGlobalRead === true ||
          given?.allowRead === true
        );
      case 'write':
        return (
          origin === undefined ||
          origin === slot.id ||
          access?.allowGlobalWrite === true ||
          given?.allowWrite === true
        );
      case 'setReadOnly':
        return origin === slot.id || access?.allowSetReadOnly === true || given?.allowSetReadOnly === true;
    }
  }

  #accessOf(origin: string): ConfigAccess | undefined {
    const entry = this.slots.get(origin)?.entry ?? this.entries.find(({ id }) => id === origin);
    return entry?.access;
  }
}
