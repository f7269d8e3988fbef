// SPDX-License-Identifier: Apache-2.0

/** Words that cannot name a variable, function or type alias in a module. */
const RESERVED = new Set(
  (
    'any arguments as async await bigint boolean break case catch class const continue debugger default delete do else ' +
    'enum eval export extends false finally for function if implements import in instanceof interface let never new null ' +
    'number object package private protected public return static string super switch symbol this throw true try type ' +
    'typeof undefined unknown var void while with yield'
  ).split(' '),
);

/** A legal identifier as near to `name` as can be: other characters become '_', a reserved word gets one at its end. */
export function identifier(name: string): string {
  const text = name.replaceAll(/[^\w$]/g, '_');
  return RESERVED.has(text) ? `${text}_` : text;
}

/** `power_supply_DC` → `PowerSupplyDC`, `ISO15118_charger` → `ISO15118Charger`, `_3phase` → `_3phase`. */
export function pascalCase(name: string): string {
  const text = name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return /^[A-Z]/.test(text) ? text : `_${text}`;
}

/** `StateOfCharge` → `STATE_OF_CHARGE`. */
export function constantCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
}
