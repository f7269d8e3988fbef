// SPDX-License-Identifier: Apache-2.0
import { TimeoutError, withTimeout, type Clock } from '@carabiner/clock';
import { checkConfigValue, type ConfigParameters } from '@carabiner/dialect';
import type {
  ConfigValue,
  Json,
  Logger,
  ModuleEntry,
  ModuleShape,
  OverlayFile,
  ParameterAddress,
  Runtime,
  SetConfigResult,
} from '@carabiner/core';
import type { BrokerSession } from '../broker/broker-session.js';
import type { RateLimitedLog } from '../bus/rate-limited-log.js';
import { encodePlace, parseConfigText } from '../configuration/module-configuration.js';
import { encodeSetRequest, readIdentifier, readSetAnswer } from '../configuration/set-request.js';
import { decode, encodeConfiguration, isObject } from '../protocol/envelope.js';
import { CONFIGURATION_MESSAGES } from '../protocol/generation.js';
import type { Topics } from '../protocol/topics.js';
import {
  callersOf,
  encodeParameter,
  encodeParameters,
  moduleAnswer,
  placeOf,
  valueOf,
} from './module-answer.js';
import { ParameterValues } from './parameter-values.js';

/** A forwarded set waits this long for its owner, twice. */
const FORWARD_MS = 5_000;

/** What the caller hears of an owner that refuses and does not say why. */
const REFUSED = 'Runtime change rejected by module';

const { request: REQUEST, response: RESPONSE } = CONFIGURATION_MESSAGES['2026'];

/** What the service needs. */
export interface ConfigurationServiceOptions {
  readonly entries: readonly ModuleEntry[];
  readonly shapes: ReadonlyMap<string, ModuleShape>;
  readonly telemetryEnabled: boolean;
  readonly session: BrokerSession;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly warnings: RateLimitedLog;
  readonly overlay: OverlayFile | undefined;
  /** True for modules of this process, whose parameters its runtime keeps. */
  readonly isLocal: (moduleId: string) => boolean;
  /** True for modules of other processes that are ready. */
  readonly isRunning: (moduleId: string) => boolean;
  /** False while the system starts or stops, when nothing may be set. */
  readonly isSettable: () => boolean;
  readonly runtime: () => Runtime | undefined;
}

interface Answer {
  readonly status: 'Ok' | 'Error' | 'AccessDenied';
  readonly reason: string;
  readonly type?: 'Get' | 'Set';
  readonly response: Json;
}

interface Parameter {
  readonly entry: ModuleEntry;
  readonly declaration: ConfigParameters[string];
  readonly value: ConfigValue | null;
}

/** Answers modules that ask for configuration, and sets parameters for those that may. */
export class ConfigurationService {
  readonly #options: ConfigurationServiceOptions;
  readonly #values = new ParameterValues();
  readonly #forwarding = new Map<string, Promise<unknown>>();

  constructor(options: ConfigurationServiceOptions) {
    this.#options = options;
  }

  /** Takes a message of the request topic. Never throws. */
  take(topic: string, payload: Buffer): void {
    const { warnings, session, topics, log } = this.#options;
    const message = decode(payload);
    if ('malformed' in message || message.type !== 'ConfigurationRequest' || !isObject(message.data)) {
      const reason = 'malformed' in message ? message.malformed : 'no configuration request';
      warnings.warn('a request was dropped', { topic, reason });
      return;
    }
    const { origin, type } = message.data;
    if (typeof origin !== 'string' || !/^[a-zA-Z_][a-zA-Z0-9_.-]*$/.test(origin)) {
      warnings.warn('a request was dropped', { topic, reason: 'no origin' });
      return;
    }
    this.#answer(origin, type, message.data['request'])
      .then(async (answer) => {
        if (answer === undefined) {
          warnings.warn('a request was dropped', { topic, reason: 'unknown kind of request', origin });
          return;
        }
        const data = {
          status: answer.status,
          status_info: answer.reason,
          ...(answer.type === undefined ? {} : { type: answer.type }),
          response: answer.response,
        };
        await session.publish(topics.configAnswer(origin), encodeConfiguration(RESPONSE, data));
      })
      .catch((error: unknown) => {
        log.warn('a request was not answered', { origin, error });
      });
  }

  async #answer(origin: string, type: unknown, request: unknown): Promise<Answer | undefined> {
    const asking = this.#entry(origin);
    if (type === 'Set') return await this.#set(asking, origin, request);
    if (asking === undefined)
      return { status: 'Error', reason: `Unknown origin module: ${origin}`, response: null };
    const kind = isObject(request) ? request['type'] : undefined;
    switch (kind) {
      case 'Module':
        return this.#module(asking);
      case 'Value':
        return this.#value(asking, isObject(request) ? request['identifier'] : undefined);
      case 'All':
        return get(
          'All',
          this.#readable(asking, (entry, shape) => this.#parameters(asking, entry, shape)),
        );
      case 'AllMappings':
        return get(
          'AllMappings',
          this.#readable(asking, (entry) => encodePlace(placeOf(entry))),
        );
      default:
        return undefined;
    }
  }

  #module(asking: ModuleEntry): Answer {
    const shape = this.#options.shapes.get(asking.id);
    if (shape === undefined) return { status: 'Error', reason: 'unknown declaration', response: null };
    this.#values.told(asking.id);
    return get(
      'Module',
      moduleAnswer(
        this.#current(asking, shape),
        shape,
        (id) => this.#entry(id),
        this.#options.telemetryEnabled,
        callersOf(asking.id, this.#options.entries),
      ),
    );
  }

  #value(asking: ModuleEntry, identifier: unknown): Answer {
    const address = readIdentifier(identifier);
    if (address === undefined) return { status: 'Error', reason: 'no identifier', response: null };
    if (!mayRead(asking, address.moduleId))
      return {
        status: 'AccessDenied',
        reason: denied(asking.id, address.moduleId),
        type: 'Get',
        response: { type: 'Value', data: null },
      };
    const found = this.#find(address);
    if (found === undefined)
      return {
        status: 'Error',
        reason: missing(address),
        type: 'Get',
        response: { type: 'Value', data: null },
      };
    const isForeign = asking.id !== address.moduleId;
    return get('Value', encodeParameter(address.parameter, found.declaration, found.value, { isForeign }));
  }

  async #set(asking: ModuleEntry | undefined, origin: string, request: unknown): Promise<Answer> {
    if (asking === undefined) return setAnswer('Error', 'Rejected', `Unknown origin module: ${origin}`);
    const address = isObject(request) ? readIdentifier(request['identifier']) : undefined;
    const value = isObject(request) ? request['value'] : undefined;
    if (address === undefined || typeof value !== 'string')
      return setAnswer('Error', 'Rejected', 'the request cannot be understood');
    if (!mayWrite(asking, address.moduleId))
      return setAnswer('AccessDenied', 'Rejected', denied(asking.id, address.moduleId), '');
    const found = this.#find(address);
    if (found === undefined)
      return setAnswer(
        'Error',
        'Rejected',
        missing(address),
        `Unknown parameter: ${address.parameter} in module: ${address.moduleId}`,
      );
    const { declaration } = found;
    const isOwn = asking.id === address.moduleId;
    if (declaration.mutability === 'ReadOnly' && !isOwn && !maySetReadOnly(asking, address.moduleId))
      return setAnswer('Ok', 'Rejected', `'${address.parameter}' is ReadOnly`);
    const parsed = parseConfigText(declaration.type, value);
    const problem =
      parsed === undefined ? undefined : checkConfigValue(address.parameter, declaration, parsed);
    if (parsed === undefined || problem !== undefined)
      return setAnswer('Ok', 'Rejected', problem?.message ?? `'${value}' is no ${declaration.type}`);
    if (!this.#options.isSettable())
      return setAnswer('Ok', 'Rejected', 'modules are starting or stopping: set it while they run');
    return await this.#apply(asking.id, address, parsed, value, declaration.mutability === 'ReadOnly');
  }

  async #apply(
    origin: string,
    address: ParameterAddress,
    value: ConfigValue,
    text: string,
    readOnly: boolean,
  ): Promise<Answer> {
    const { isLocal, isRunning, runtime, overlay } = this.#options;
    const local = isLocal(address.moduleId) ? runtime() : undefined;
    if (local !== undefined) return ofResult(await local.config.set(address, value, origin));
    const { moduleId, implementationId, parameter } = address;
    const place =
      implementationId === undefined ? ['config_module'] : ['config_implementation', implementationId];
    // Stored first, so that the owner that starts meanwhile has it.
    this.#values.store(address, value);
    await overlay?.set([{ path: ['active_modules', moduleId, ...place, parameter], value }]);
    if (readOnly) return setAnswer('Ok', 'RebootRequired', '');
    if (!isRunning(moduleId)) return setAnswer('Ok', 'RebootRequired', `module ${moduleId} does not run`);
    const answer = await this.#forward(address, text);
    if (answer === undefined)
      return { status: 'Error', reason: `module ${moduleId} did not answer`, response: null };
    const { status, reason = '' } = answer;
    if (status === 'rejected') return setAnswer('Ok', 'RebootRequired', reason === '' ? REFUSED : reason);
    if (status === 'accepted') this.#values.accepted(address, value);
    return ofResult(answer);
  }

  /** Asks the owner, twice; one request at a time, since answers carry no id. */
  async #forward(address: ParameterAddress, text: string): Promise<SetConfigResult | undefined> {
    const { moduleId } = address;
    const previous = this.#forwarding.get(moduleId) ?? Promise.resolve();
    const work = previous.then(async () => {
      for (let attempt = 0; attempt < 2; attempt++) {
        const answer = await this.#ask(address, text);
        if (answer !== undefined) return answer;
      }
      return undefined;
    });
    this.#forwarding.set(
      moduleId,
      work.catch(() => undefined),
    );
    return await work;
  }

  async #ask(address: ParameterAddress, text: string): Promise<SetConfigResult | undefined> {
    const { session, topics, clock } = this.#options;
    let arrive: (result: SetConfigResult) => void = () => undefined;
    const arrived = new Promise<SetConfigResult>((resolve) => {
      arrive = resolve;
    });
    const subscription = session.subscribe(topics.configSetAnswer(address.moduleId), (_topic, payload) => {
      const message = decode(payload);
      if ('malformed' in message || message.type !== 'ConfigurationResponse') return;
      const result = readSetAnswer(message.data);
      if (result !== undefined) arrive(result);
    });
    try {
      await session.acknowledged();
      await session.publish(
        topics.configSet(address.moduleId),
        encodeConfiguration(REQUEST, encodeSetRequest({ address, value: text })),
      );
      return await withTimeout(clock, arrived, FORWARD_MS, 'answer to a set request');
    } catch (error) {
      if (error instanceof TimeoutError) return undefined;
      throw error;
    } finally {
      subscription.unsubscribe();
    }
  }

  #entry(moduleId: string): ModuleEntry | undefined {
    return this.#options.entries.find(({ id }) => id === moduleId);
  }

  #find(address: ParameterAddress): Parameter | undefined {
    const { moduleId, implementationId, parameter } = address;
    const entry = this.#entry(moduleId);
    const shape = this.#options.shapes.get(moduleId);
    const parameters =
      implementationId === undefined ? shape?.config : shape?.provides[implementationId]?.config;
    const declaration =
      parameters !== undefined && Object.hasOwn(parameters, parameter) ? parameters[parameter] : undefined;
    if (entry === undefined || shape === undefined || declaration === undefined) return undefined;
    const current = this.#current(entry, shape);
    const given =
      implementationId === undefined
        ? current.configModule
        : (current.configImplementation[implementationId] ?? {});
    return { entry, declaration, value: valueOf(given, parameter, declaration) };
  }

  /** The entry with the values that count now. */
  #current(entry: ModuleEntry, shape: ModuleShape): ModuleEntry {
    const runtime = this.#options.isLocal(entry.id) ? this.#options.runtime() : undefined;
    const slot = runtime?.slots.get(entry.id);
    if (slot !== undefined)
      return {
        ...entry,
        configModule: slot.config.module,
        configImplementation: slot.config.implementations,
      };
    return this.#values.entryOf(entry, shape);
  }

  #parameters(asking: ModuleEntry, entry: ModuleEntry, shape: ModuleShape): Json {
    return encodeParameters(this.#current(entry, shape), shape, {
      isForeign: asking.id !== entry.id,
      setsReadOnly: maySetReadOnly(asking, entry.id),
    });
  }

  #readable(asking: ModuleEntry, make: (entry: ModuleEntry, shape: ModuleShape) => Json): Json {
    const { entries, shapes } = this.#options;
    return Object.fromEntries(
      entries.flatMap((entry) => {
        const shape = shapes.get(entry.id);
        return shape === undefined || !mayRead(asking, entry.id) ? [] : [[entry.id, make(entry, shape)]];
      }),
    );
  }
}

function get(type: string, data: Json): Answer {
  return { status: 'Ok', reason: '', type: 'Get', response: { type, data } };
}

/** @param inner - the reason beside the outcome, where EVerest's manager has another one there */
function setAnswer(status: Answer['status'], outcome: string, reason: string, inner = reason): Answer {
  return { status, reason, type: 'Set', response: { status: outcome, status_info: inner } };
}

function ofResult({ status, reason = '' }: SetConfigResult): Answer {
  switch (status) {
    case 'accepted':
      return setAnswer('Ok', 'Accepted', reason);
    case 'reboot-required':
      return setAnswer('Ok', 'RebootRequired', reason);
    case 'rejected':
      return setAnswer('Ok', 'Rejected', reason);
    case 'access-denied':
      return setAnswer('AccessDenied', 'Rejected', reason);
  }
}

function denied(origin: string, target: string): string {
  return `Access to config item denied: ${origin} cannot access ${target}`;
}

function missing({ moduleId, parameter }: ParameterAddress): string {
  return `Config parameter ${parameter} not found in module ${moduleId}`;
}

function mayRead({ id, access }: ModuleEntry, target: string): boolean {
  return id === target || access?.allowGlobalRead === true || access?.modules[target]?.allowRead === true;
}

function mayWrite({ id, access }: ModuleEntry, target: string): boolean {
  return id === target || access?.allowGlobalWrite === true || access?.modules[target]?.allowWrite === true;
}

function maySetReadOnly({ access }: ModuleEntry, target: string): boolean {
  return access?.allowSetReadOnly === true || access?.modules[target]?.allowSetReadOnly === true;
}
