// SPDX-License-Identifier: Apache-2.0
import type { ModuleStatus, RaisedError, RuntimeEvent } from '@carabiner/core';

/**
 * What a command line asks of a running instance. On the socket each message is one line of JSON:
 * `{"id": 1, "method": "call", "params": {…}}`, answered by `{"id": 1, "result": …}` or
 * `{"id": 1, "error": {"code": "…", "message": "…"}}`. After `watch` come lines `{"event": {…}}`.
 */
export interface ControlMethods {
  readonly status: { readonly params: object; readonly result: InstanceStatus };
  readonly call: {
    readonly params: {
      readonly moduleId: string;
      readonly implementationId: string;
      readonly command: string;
      readonly args: object;
      readonly timeoutMs?: number;
    };
    readonly result: unknown;
  };
  readonly watch: { readonly params: object; readonly result: InstanceStatus };
  readonly swap: {
    readonly params: { readonly moduleId: string; readonly replacement: string };
    readonly result: ModuleStatus;
  };
  readonly stop: { readonly params: object; readonly result: null };
}

/** How a running instance is. */
export interface InstanceStatus {
  readonly composition: string;
  readonly pid: number;
  readonly state: string;
  readonly modules: readonly ModuleStatus[];
  readonly activeErrors: readonly RaisedError[];
}

export interface ControlRequest {
  readonly id: number;
  readonly method: string;
  readonly params: object;
}

export type ControlMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly event: RuntimeEvent };

/** Longest line either side takes, characters. */
export const LINE_LIMIT = 4 * 1024 * 1024;

/** True for a map. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a request, or says what is wrong with it. */
export function readRequest(line: string): ControlRequest | string {
  const value = parse(line);
  if (!isObject(value)) return 'a request is one line with a JSON object';
  const { id, method, params = {} } = value;
  if (typeof id !== 'number' || typeof method !== 'string' || !isObject(params))
    return 'a request has a number "id", a text "method" and an object "params"';
  return { id, method, params };
}

/** Reads a message of the server; undefined for anything else. */
export function readMessage(line: string): ControlMessage | undefined {
  const value = parse(line);
  return isObject(value) && ('event' in value || typeof value['id'] === 'number')
    ? (value as unknown as ControlMessage)
    : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
