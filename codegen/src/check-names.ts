// SPDX-License-Identifier: Apache-2.0

/** Functions of the validation module by the format that they check. */
export const FORMAT_CHECKS: { readonly [format: string]: string } = {
  'date-time': 'isDateTime',
  date: 'isDate',
  time: 'isTime',
  email: 'isEmail',
  hostname: 'isHostname',
  ipv4: 'isIpv4',
  ipv6: 'isIpv6',
  uri: 'isUri',
  uuid: 'isUuid',
};

/** What generated checks import of the validation module. */
export const VALIDATION_NAMES: readonly string[] = [
  'argumentsSchema',
  'hasLength',
  'hasOnly',
  'isArray',
  'isEqual',
  'isExactlyOne',
  'isInteger',
  'isNumber',
  'isObject',
  'isUnique',
  'lengthOf',
  'nothing',
  'own',
  'SchemaFile',
  'SchemaFiles',
  'validator',
  ...Object.values(FORMAT_CHECKS),
];
/** Globals and parameters of generated code. */
export const USED_NAMES = ['Number', 'Object', 'ReadonlySet', 'Set', '_value', 'item', 'key', 'value'];

/** True for a name that every object inherits, such as `toString`: reading it finds something even where nothing is. */
export function isInherited(name: string): boolean {
  return Object.hasOwn(Object.prototype, name);
}
