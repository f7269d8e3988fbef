// SPDX-License-Identifier: Apache-2.0
import { FaultError, type Fault, type FaultRequest } from './fault-catalogue.js';

/** A fault as JSON carries it, member by member as in the interface `fault_injection`. */
export interface FaultJson {
  readonly name: string;
  readonly connector?: number;
  readonly target?: string;
  readonly value?: number;
  readonly duration_s?: number;
}

const NUMBERS = ['connector', 'value', 'duration_s'] as const;
const MEMBERS: readonly string[] = ['name', 'target', ...NUMBERS];

/** The request that a {@link FaultJson} stands for. */
export function fromFaultJson({ name, connector, target, value, duration_s }: FaultJson): FaultRequest {
  return {
    name,
    ...(connector === undefined ? {} : { connector }),
    ...(target === undefined ? {} : { target }),
    ...(value === undefined ? {} : { value }),
    ...(duration_s === undefined ? {} : { durationS: duration_s }),
  };
}

/** The other way round. */
export function toFaultJson({ name, connector, target, value, durationS }: Fault): FaultJson {
  return {
    name,
    ...(connector === undefined ? {} : { connector }),
    ...(target === undefined ? {} : { target }),
    ...(value === undefined ? {} : { value }),
    ...(durationS === undefined ? {} : { duration_s: durationS }),
  };
}

/**
 * Reads a fault from JSON, or from a name alone.
 *
 * @throws FaultError when it is neither
 */
export function parseFaultMessage(text: string): FaultRequest {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return { name: trimmed };
  let json: unknown;
  try {
    json = JSON.parse(trimmed);
  } catch (error) {
    throw new FaultError(`a fault is a name or a JSON object: ${String(error)}`);
  }
  const members = new Map<string, unknown>(Object.entries(json as object));
  for (const member of members.keys())
    if (!MEMBERS.includes(member))
      throw new FaultError(`a fault has no member "${member}"; there are: ${MEMBERS.join(', ')}`);
  const name = members.get('name');
  const target = members.get('target');
  if (typeof name !== 'string') throw new FaultError('a fault needs a member "name" with a text');
  if (target !== undefined && typeof target !== 'string') throw new FaultError('"target" must be a text');
  const numbers: Record<string, number> = {};
  for (const member of NUMBERS) {
    const value = members.get(member);
    if (value === undefined) continue;
    if (typeof value !== 'number') throw new FaultError(`"${member}" must be a number`);
    numbers[member] = value;
  }
  return fromFaultJson({ name, ...(target === undefined ? {} : { target }), ...numbers });
}

/** A fault given on a command line, and when it is to begin. */
export interface ScheduledFault {
  readonly request: FaultRequest;
  readonly afterS: number;
}

/**
 * Reads `name[=value][,connector=N][,target=T][,after=S][,for=S]`.
 *
 * @throws FaultError that says what is wrong
 */
export function parseFaultArgument(text: string): ScheduledFault {
  const [head = '', ...rest] = text.split(',');
  const [name, value] = splitOnce(head);
  const parts: Record<string, number | string> = value === undefined ? {} : { value: toNumber(head, value) };
  for (const part of rest) {
    const [key, content = ''] = splitOnce(part);
    switch (key) {
      case 'target':
        parts['target'] = content;
        break;
      case 'connector':
      case 'after':
        parts[key] = toNumber(part, content);
        break;
      case 'for':
        parts['durationS'] = toNumber(part, content);
        break;
      default:
        throw new FaultError(`"${text}": "${part}" is none of connector=, target=, after=, for=`);
    }
  }
  const { after = 0, ...request } = parts;
  const afterS = Number(after);
  if (afterS < 0) throw new FaultError(`"${text}": a fault cannot begin ${-afterS} s ago`);
  return { request: { name, ...request }, afterS };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function toNumber(part: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new FaultError(`"${part}" needs a number`);
  return value;
}
