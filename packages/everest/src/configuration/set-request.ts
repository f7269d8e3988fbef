// SPDX-License-Identifier: Apache-2.0
import type { Json, ParameterAddress, SetConfigResult } from '@carabiner/core';
import { isObject } from '../protocol/envelope.js';
import { MODULE_LEVEL } from './module-configuration.js';

/** A new value for a parameter, as it travels: always text. */
export interface SetRequest {
  readonly address: ParameterAddress;
  readonly value: string;
}

/** Reads `{"identifier": …, "value": "…"}`; undefined for anything else. */
export function readSetRequest(data: unknown): SetRequest | undefined {
  if (!isObject(data) || typeof data['value'] !== 'string') return undefined;
  const address = readIdentifier(data['identifier']);
  return address === undefined ? undefined : { address, value: data['value'] };
}

/** Reads the name of a parameter. */
export function readIdentifier(identifier: unknown): ParameterAddress | undefined {
  if (!isObject(identifier)) return undefined;
  const {
    module_id: moduleId,
    configuration_parameter_name: parameter,
    module_implementation_id: implementation,
  } = identifier;
  if (typeof moduleId !== 'string' || typeof parameter !== 'string') return undefined;
  if (implementation !== undefined && implementation !== null && typeof implementation !== 'string')
    return undefined;
  return typeof implementation === 'string' && implementation !== MODULE_LEVEL
    ? { moduleId, parameter, implementationId: implementation }
    : { moduleId, parameter };
}

/** A forwarded request: the owner gets no `type` and no `origin`. */
export function encodeSetRequest({ address, value }: SetRequest): Json {
  const { moduleId, parameter, implementationId } = address;
  return {
    identifier: {
      module_id: moduleId,
      configuration_parameter_name: parameter,
      ...(implementationId === undefined ? {} : { module_implementation_id: implementationId }),
    },
    value,
  };
}

const WIRE_STATUS = {
  accepted: 'Accepted',
  'reboot-required': 'RebootRequired',
  rejected: 'Rejected',
  'access-denied': 'Rejected',
} as const;

/** The answer to a set request. */
export function encodeSetAnswer({ status, reason = '' }: SetConfigResult): Json {
  return {
    status: status === 'access-denied' ? 'AccessDenied' : 'Ok',
    status_info: reason,
    type: 'Set',
    response: { status: WIRE_STATUS[status], status_info: '' },
  };
}

/** What the owner answered; a member that is missing (older frameworks know no reason) reads as nothing. */
export function readSetAnswer(data: unknown): SetConfigResult | undefined {
  if (!isObject(data)) return undefined;
  const { status } = data;
  if (typeof status !== 'string') return undefined;
  // An owner that failed answers without a response.
  const response = isObject(data['response']) ? data['response'] : {};
  const reasons = [data['status_info'], response['status_info']];
  const reason = reasons.find((each): each is string => typeof each === 'string' && each !== '') ?? '';
  if (status !== 'Ok') return { status: 'reboot-required', reason };
  switch (response['status']) {
    case 'Accepted':
      return { status: 'accepted', reason };
    case 'Rejected':
      return { status: 'rejected', reason };
    case 'RebootRequired':
      return { status: 'reboot-required', reason };
    default:
      return undefined;
  }
}
