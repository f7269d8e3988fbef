// SPDX-License-Identifier: Apache-2.0

/** What a change does to the set of values that a schema allows. */
export interface Effect {
  /** Values that were allowed are no longer. */
  readonly narrows: boolean;
  /** Values are allowed that were not. */
  readonly widens: boolean;
}

/** Where values flow: `input` from consumers to providers (arguments), `output` the other way (results, variables). */
export type Direction = 'input' | 'output';

/** Whether code written for the old version works with the new one. */
export type Verdict = 'compatible' | 'breaking';

/** One difference between two versions. */
export interface Change {
  /** `interfaces/<name>` or `types/<file>` or `errors/<file>`. */
  readonly file: string;
  /** Place in the file, for example `cmds.setMode.arguments.mode`. */
  readonly path: string;
  readonly kind: ChangeKind;
  /** What changed, with both values. */
  readonly message: string;
  /** For modules that implement the interface as it was. */
  readonly providers: Verdict;
  /** For modules that use the interface as it was. */
  readonly consumers: Verdict;
}

/** Kinds of changes; each is a row of the table in the README. */
export type ChangeKind = keyof typeof CHANGE_RULES;

/**
 * The rule of each kind. Those of schemas depend on where the values flow: a narrowed input breaks consumers, a widened
 * input breaks providers, a narrowed output breaks providers, a widened output breaks consumers.
 */
export const CHANGE_RULES = {
  'interface-added': 'compatible with all',
  'interface-removed': 'breaks providers and consumers',
  'command-added': 'breaks providers, who do not implement it',
  'command-removed': 'breaks consumers, who may call it',
  'argument-added': 'breaks both: callers pass exactly the declared arguments',
  'argument-removed': 'breaks both: callers pass exactly the declared arguments',
  'result-added': 'breaks both: null is returned where a value belongs, and a value where null was expected',
  'result-removed':
    'breaks both: a value is returned where null belongs, and null where a value was expected',
  'variable-added': 'compatible with all: nobody has to publish it',
  'variable-removed': 'breaks both: it is published and subscribed in vain',
  'error-added': 'compatible with all',
  'error-removed': 'breaks providers, who may raise it',
  'type-added': 'compatible with all',
  'type-removed': 'breaks both: code imports it',
  'type-changed': 'narrows, widens, or both: a list of types that grows widens, integer → number widens',
  'enum-value-added': 'widens',
  'enum-value-removed': 'narrows',
  'constant-changed': 'narrows when added, widens when removed, else both',
  'property-added': 'widens when other properties were forbidden, else compatible with all',
  'required-property-added': 'narrows; widens as well when other properties were forbidden',
  'property-removed': 'narrows when other properties are forbidden, else compatible with all',
  'required-property-removed': 'widens; narrows as well when other properties are forbidden',
  'property-now-required': 'narrows',
  'property-now-optional': 'widens',
  'other-properties-forbidden': 'narrows',
  'other-properties-allowed': 'widens',
  'range-narrowed': 'narrows: a bound was added or moved inwards',
  'range-widened': 'widens: a bound was removed or moved outwards',
  'format-changed':
    'pattern, format, multipleOf, uniqueItems: narrows when added, widens when removed, else both',
  'rule-changed': 'allOf, anyOf, oneOf, not, if, patternProperties …: narrows and widens',
} as const;

/** The verdicts that an effect has for values that flow in the given directions. */
export function verdictsOf(
  { narrows, widens }: Effect,
  directions: ReadonlySet<Direction>,
): { providers: Verdict; consumers: Verdict } {
  const input = directions.has('input');
  const output = directions.has('output');
  return {
    providers: (input && widens) || (output && narrows) ? 'breaking' : 'compatible',
    consumers: (input && narrows) || (output && widens) ? 'breaking' : 'compatible',
  };
}

/** True when the change breaks somebody. */
export function isBreaking({ providers, consumers }: Pick<Change, 'providers' | 'consumers'>): boolean {
  return providers === 'breaking' || consumers === 'breaking';
}
