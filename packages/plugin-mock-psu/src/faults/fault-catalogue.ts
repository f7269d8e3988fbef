// SPDX-License-Identifier: Apache-2.0
import { ERROR_REGISTERS, errorSubtype, RunningMode, type ErrorRegister } from '@carabiner/fusioncharge';

/** A fault as it is asked for. */
export interface FaultRequest {
  readonly name: string;
  /** Global connector number; absent: all. */
  readonly connector?: number;
  readonly target?: string;
  readonly value?: number;
  /** Seconds after which it goes away by itself. */
  readonly durationS?: number;
}

/** A fault that this power unit knows, with what it needs filled in. */
export interface Fault extends FaultRequest {
  readonly name: FaultName;
}

interface FaultKind {
  readonly description: string;
  /** What `value` means; absent where the fault takes none. */
  readonly value?: {
    readonly meaning: string;
    readonly default: number;
    readonly min: number;
    readonly max: number;
    /** Whole numbers only. */
    readonly whole?: boolean;
  };
  /** What `target` means, and which there are. */
  readonly target?: {
    readonly meaning: string;
    readonly check: (target: string) => boolean;
    readonly default?: string;
  };
  readonly perConnector?: boolean;
}

const HIGHEST_CONNECTOR = 0xffff;

/** Every fault. The README's table and `--help` are made of it. */
export const FAULTS = {
  drop_connection: {
    description: 'Cut every TCP connection; with a duration, refuse new ones for so long.',
  },
  stall: {
    description: 'Fall silent: no Modbus requests, no GOOSE replies; connections stay open.',
  },
  placeholder_withhold: {
    description: 'Do not answer module placeholder requests.',
    perConnector: true,
  },
  placeholder_delay: {
    description: 'Answer module placeholder requests late.',
    value: { meaning: 's', default: 1, min: 0, max: 3600 },
    perConnector: true,
  },
  placeholder_refuse: {
    description: 'Answer module placeholder requests with a failure.',
    perConnector: true,
  },
  wrong_hmac: {
    description: 'Sign replies with a key nobody else has.',
    perConnector: true,
  },
  replay: {
    description: 'Answer with the bytes of the first reply that connector ever got.',
    perConnector: true,
  },
  key_withhold: {
    description: 'Do not hand out an HMAC key when a vehicle is connected.',
    perConnector: true,
  },
  error_register: {
    description: 'Report an error.',
    target: {
      meaning: 'address (0x4004) or Category/Subcategory',
      check: (target) => findErrorRegister(target) !== undefined,
    },
    value: { meaning: 'alarm state or flags', default: 1, min: 1, max: 0xffffffff, whole: true },
  },
  port_unavailable: {
    description: 'Report the output port as not available and switch it off.',
    perConnector: true,
  },
  capabilities_withhold: {
    description: 'Do not report ratings and availability of the port, or no longer.',
    perConnector: true,
  },
  capabilities_derate: {
    description: 'Report and keep to lower current and power.',
    value: { meaning: 'fraction of the rating', default: 0.5, min: 0, max: 1 },
    perConnector: true,
  },
  running_mode: {
    description: 'Report another running mode; outputs are off in any but RUNNING.',
    target: { meaning: 'mode', check: (target) => Object.hasOwn(RunningMode, target), default: 'FAULTY' },
  },
  half_written_registers: {
    description: 'Write values of several registers in two halves with a pause between them.',
    value: { meaning: 's between the halves', default: 0.2, min: 0, max: 60 },
  },
  tls_refuse: {
    description: 'Cut every connection and refuse TLS handshakes.',
  },
} as const satisfies Record<string, FaultKind>;

/** Name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** A fault was asked for that does not exist or cannot be as asked for. */
export class FaultError extends RangeError {
  readonly code = 'MOCK_FAULT';
  override readonly name = 'FaultError';
}

/**
 * Checks a request and fills in the defaults.
 *
 * @throws FaultError that says what there is instead
 */
export function checkFault(request: FaultRequest): Fault {
  const { name } = request;
  if (!isFaultName(name))
    throw new FaultError(`there is no fault "${name}"; there are: ${Object.keys(FAULTS).join(', ')}`);
  const kind: FaultKind = FAULTS[name];
  if (request.connector !== undefined && kind.perConnector !== true)
    throw new FaultError(`fault ${name} concerns the whole power unit, not connector ${request.connector}`);
  if (request.connector !== undefined && !isConnectorNumber(request.connector))
    throw new FaultError(
      `fault ${name}: ${request.connector} is no global connector number within 0..${HIGHEST_CONNECTOR}`,
    );
  if (request.durationS !== undefined && !(request.durationS >= 0 && Number.isFinite(request.durationS)))
    throw new FaultError(`fault ${name}: a duration of ${request.durationS} s is not possible`);
  const value = checkValue(name, kind, request.value);
  const target = checkTarget(name, kind, request.target);
  return {
    name,
    ...(request.connector === undefined ? {} : { connector: request.connector }),
    ...(target === undefined ? {} : { target }),
    ...(value === undefined ? {} : { value }),
    ...(request.durationS === undefined ? {} : { durationS: request.durationS }),
  };
}

/** The error register with this address (`0x4004`) or name (`PowerUnit/Epo`). */
export function findErrorRegister(target: string): ErrorRegister | undefined {
  const address = /^0x[0-9a-f]+$/i.test(target) ? Number.parseInt(target, 16) : undefined;
  return ERROR_REGISTERS.find(
    (entry) => entry.register.address === address || errorSubtype(entry) === target,
  );
}

function isConnectorNumber(connector: number): boolean {
  return Number.isInteger(connector) && connector >= 0 && connector <= HIGHEST_CONNECTOR;
}

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

function checkValue(name: string, kind: FaultKind, value: number | undefined): number | undefined {
  if (kind.value === undefined) {
    if (value !== undefined) throw new FaultError(`fault ${name} takes no value`);
    return undefined;
  }
  const { default: otherwise, min, max, meaning, whole = false } = kind.value;
  const chosen = value ?? otherwise;
  if (whole && !Number.isInteger(chosen))
    throw new FaultError(`fault ${name}: value ${chosen} (${meaning}) is no whole number`);
  if (!(chosen >= min && chosen <= max))
    throw new FaultError(`fault ${name}: value ${chosen} (${meaning}) is not within ${min}..${max}`);
  return chosen;
}

function checkTarget(name: string, kind: FaultKind, target: string | undefined): string | undefined {
  if (kind.target === undefined) {
    if (target !== undefined) throw new FaultError(`fault ${name} takes no target`);
    return undefined;
  }
  const { check, default: otherwise, meaning } = kind.target;
  const chosen = target ?? otherwise;
  if (chosen === undefined || !check(chosen))
    throw new FaultError(`fault ${name}: target "${chosen ?? ''}" is none; give ${meaning}`);
  return chosen;
}
