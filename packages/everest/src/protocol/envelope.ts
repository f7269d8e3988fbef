// SPDX-License-Identifier: Apache-2.0
import type { ErrorState, Json, RaisedError } from '@carabiner/core';

/** Names of command failures on the wire. */
export const WIRE_ERROR_TYPES = [
  'MessageParsingError',
  'SchemaValidationError',
  'HandlerException',
  'CmdTimeout',
  'Shutdown',
  'NotReady',
] as const;
export type WireErrorType = (typeof WIRE_ERROR_TYPES)[number];

/** A received message of the protocol, reduced to what its type promises. */
export type Message =
  | { readonly type: 'Cmd'; readonly id: string; readonly origin: string; readonly args: unknown }
  | { readonly type: 'CmdResult'; readonly id: string; readonly outcome: CallOutcome }
  | { readonly type: 'Var'; readonly value: unknown }
  | { readonly type: 'Error'; readonly error: RaisedError }
  | { readonly type: 'ModuleReady' | 'GlobalReady'; readonly ready: boolean }
  | {
      readonly type: 'ConfigurationRequest' | 'ConfigurationResponse';
      readonly name: string;
      readonly data: unknown;
    };

/** How a command ended. */
export type CallOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly errorType: string; readonly message: string };

/** What was wrong with a received message. */
export interface Malformed {
  readonly malformed: string;
}

/** Bounds on what is taken in. */
export interface InputLimits {
  /** Longest payload, bytes. */
  readonly maxBytes: number;
  /** Deepest nesting of objects and arrays. */
  readonly maxDepth: number;
}

export const DEFAULT_INPUT_LIMITS: InputLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64 };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a message of the protocol. Never throws: what cannot be understood comes back as {@link Malformed}, with a reason
 * that may be logged.
 */
export function decode(payload: Uint8Array, limits: InputLimits = DEFAULT_INPUT_LIMITS): Message | Malformed {
  if (payload.length === 0) return { malformed: 'empty payload' };
  if (payload.length > limits.maxBytes) {
    return { malformed: `${payload.length} bytes, more than the limit of ${limits.maxBytes}` };
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
  } catch {
    return { malformed: 'not JSON' };
  }
  if (!isObject(parsed)) return { malformed: 'not a JSON object' };
  if (deeperThan(parsed, limits.maxDepth))
    return { malformed: `nested deeper than ${limits.maxDepth} levels` };
  const type = parsed['msg_type'];
  if (typeof type !== 'string') return { malformed: 'no msg_type' };
  return decodeTyped(type, parsed['data']);
}

function decodeTyped(type: string, data: unknown): Message | Malformed {
  switch (type) {
    case 'Cmd':
      return decodeCommand(data);
    case 'CmdResult':
      return decodeResult(data);
    case 'Var':
      if (!isObject(data) || !('data' in data)) return { malformed: 'Var without data' };
      return { type: 'Var', value: data['data'] };
    case 'RaiseError':
    case 'ClearError':
      return decodeError(data);
    case 'ModuleReady':
    case 'GlobalReady':
      if (typeof data !== 'boolean') return { malformed: `${type} whose data is not boolean` };
      return { type, ready: data };
    case 'ConfigurationRequest':
    case 'GetConfig':
      return { type: 'ConfigurationRequest', name: type, data };
    case 'ConfigurationResponse':
    case 'GetConfigResponse':
      return { type: 'ConfigurationResponse', name: type, data };
    default:
      return { malformed: `unknown msg_type '${type.slice(0, 40)}'` };
  }
}

function decodeCommand(data: unknown): Message | Malformed {
  if (!isObject(data)) return { malformed: 'Cmd without data' };
  const { id, origin, args } = data;
  if (typeof id !== 'string' || id === '') return { malformed: 'Cmd without id' };
  if (typeof origin !== 'string' || origin === '') return { malformed: 'Cmd without origin' };
  // Arguments of any other kind are the callee's to refuse: whoever called waits for an answer.
  return { type: 'Cmd', id, origin, args: args ?? {} };
}

/** Peers leave out the outer `type`, `retval` or `origin`; all of that is understood. An `error` that is there is a failure. */
function decodeResult(data: unknown): Message | Malformed {
  if (!isObject(data)) return { malformed: 'CmdResult without data' };
  const inner = isObject(data['data']) ? data['data'] : undefined;
  if (inner === undefined) return { malformed: 'CmdResult without inner data' };
  const { id, retval, error } = inner;
  if (typeof id !== 'string') return { malformed: 'CmdResult without id' };
  if (error === undefined) {
    return { type: 'CmdResult', id, outcome: { ok: true, value: retval ?? null } };
  }
  const fields: Fields = isObject(error) ? error : {};
  const errorType = fields['__everest__error_type'];
  const message = fields['__everest__error_msg'];
  return {
    type: 'CmdResult',
    id,
    outcome: {
      ok: false,
      errorType: typeof errorType === 'string' ? errorType : 'HandlerException',
      message: typeof message === 'string' ? message : 'no reason given',
    },
  };
}

function decodeError(data: unknown): Message | Malformed {
  if (!isObject(data)) return { malformed: 'error without data' };
  const { type, sub_type, description, message, severity, origin, timestamp, uuid, state, vendor_id } = data;
  if (typeof type !== 'string' || !type.includes('/')) return { malformed: 'error without type' };
  if (!isObject(origin)) return { malformed: 'error without origin' };
  const { module_id, implementation_id, mapping } = origin;
  if (typeof module_id !== 'string' || typeof implementation_id !== 'string') {
    return { malformed: 'error whose origin has no module or implementation' };
  }
  const place = readMapping(mapping);
  return {
    type: 'Error',
    error: {
      type,
      sub_type: text(sub_type),
      description: text(description),
      message: text(message),
      severity: severity === 'Low' || severity === 'Medium' ? severity : 'High',
      origin: { module_id, implementation_id, ...(place === undefined ? {} : { mapping: place }) },
      timestamp: text(timestamp),
      uuid: text(uuid),
      state: isErrorState(state) ? state : 'Active',
      vendor_id: text(vendor_id),
    },
  };
}

/** Reads a mapping; undefined for everything that names no EVSE. */
export function readMapping(
  value: unknown,
): { readonly evse: number; readonly connector?: number } | undefined {
  if (!isObject(value) || typeof value['evse'] !== 'number') return undefined;
  const connector = value['connector'];
  return typeof connector === 'number' ? { evse: value['evse'], connector } : { evse: value['evse'] };
}

export function encodeCommand(id: string, origin: string, args: object): string {
  return JSON.stringify({ msg_type: 'Cmd', data: { id, args, origin } });
}

export function encodeResult(id: string, origin: string, value: unknown): string {
  return JSON.stringify({
    msg_type: 'CmdResult',
    data: { type: 'result', data: { id, retval: value ?? null, origin } },
  });
}

export function encodeFailure(id: string, origin: string, errorType: WireErrorType, message: string): string {
  return JSON.stringify({
    msg_type: 'CmdResult',
    data: {
      type: 'result',
      data: { id, origin, error: { __everest__error_type: errorType, __everest__error_msg: message } },
    },
  });
}

export function encodeVariable(value: unknown): string {
  return JSON.stringify({ msg_type: 'Var', data: { data: value ?? null } });
}

/** An error that is active travels as `RaiseError`, any other as `ClearError`; receivers look at its state. */
export function encodeError(error: RaisedError): string {
  return JSON.stringify({ msg_type: error.state === 'Active' ? 'RaiseError' : 'ClearError', data: error });
}

export function encodeModuleReady(): string {
  return JSON.stringify({ msg_type: 'ModuleReady', data: true });
}

export function encodeGlobalReady(): string {
  return JSON.stringify({ msg_type: 'GlobalReady', data: true });
}

/** What the generation of 2025 sends to the outside world by itself: telemetry. */
export function encodeExternal(text: string): string {
  return JSON.stringify({ msg_type: 'ExternalMQTT', data: text });
}

/** @param name - the name of the configuration message in the system's generation */
export function encodeConfiguration(name: string, data: Json | object): string {
  return JSON.stringify({ msg_type: name, data });
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isErrorState(value: unknown): value is ErrorState {
  return value === 'Active' || value === 'ClearedByModule' || value === 'ClearedByReboot';
}

/** Looks at objects and arrays level by level, as wide as they may be. */
function deeperThan(value: object, limit: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true;
    const next: object[] = [];
    for (const item of level)
      for (const inner of Object.values(item) as unknown[])
        if (typeof inner === 'object' && inner !== null) next.push(inner);
    level = next;
  }
  return false;
}
