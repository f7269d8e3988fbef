// SPDX-License-Identifier: Apache-2.0

/** What a `$ref` names: `/units#/Voltage` is type `Voltage` of the file `types/units.yaml`. */
export interface TypeReference {
  readonly file: string;
  readonly type: string;
}

/** What an entry of `errors` names: a whole file of errors, or one of them. */
export interface ErrorReference {
  readonly file: string;
  readonly error?: string;
}

const TYPE_REFERENCE = /^\/((?:[a-zA-Z0-9_.-]+\/)*[a-zA-Z0-9_.-]+)#\/([a-zA-Z_][a-zA-Z0-9_.-]*)$/;
const ERROR_REFERENCE = /^\/errors\/([a-z][a-zA-Z0-9_]*)(?:#\/([A-Z][A-Za-z0-9]+))?$/;

/** How a reference to a type is written. */
export const TYPE_REFERENCE_FORM = '/<file>#/<Type>, for example /units#/Voltage';
/** How a reference to errors is written. */
export const ERROR_REFERENCE_FORM = '/errors/<file> or /errors/<file>#/<Name>';

/** Takes a `$ref` apart; undefined when it is malformed. Folders in front of the file's stem do not count. */
export function parseTypeReference(text: string): TypeReference | undefined {
  const match = TYPE_REFERENCE.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { file: match[1].slice(match[1].lastIndexOf('/') + 1), type: match[2] };
}

/** Takes an error reference apart; undefined when it is malformed. */
export function parseErrorReference(text: string): ErrorReference | undefined {
  const match = ERROR_REFERENCE.exec(text);
  if (match?.[1] === undefined) return undefined;
  return match[2] === undefined ? { file: match[1] } : { file: match[1], error: match[2] };
}
