// SPDX-License-Identifier: Apache-2.0
import type { Finding, YamlPath } from './finding.js';
import type { YamlSource } from './yaml-source.js';

/** What a name may look like, and how a message says it. */
export interface NameRule {
  readonly pattern: RegExp;
  readonly what: string;
}

/** Module ids, implementation ids, requirement ids, commands, arguments, variables, types, parameters, interfaces. */
export const NAME: NameRule = {
  pattern: /^[a-zA-Z_][a-zA-Z0-9_.-]*$/,
  what: "a letter or '_', then letters, digits, '_', '.' and '-'",
};
/** Module names in a composition: no dot. */
export const MODULE_NAME: NameRule = {
  pattern: /^[a-zA-Z_][a-zA-Z0-9_-]*$/,
  what: "a letter or '_', then letters, digits, '_' and '-'",
};
/** The interface of a provided implementation: at least 3 characters. */
export const PROVIDED_INTERFACE_NAME: NameRule = {
  pattern: /^[a-zA-Z_][a-zA-Z0-9_.-]{2,}$/,
  what: "a letter or '_', then at least two letters, digits, '_', '.' or '-'",
};
/** Names of errors. */
export const ERROR_NAME: NameRule = {
  pattern: /^[A-Z][A-Za-z0-9]+$/,
  what: 'a capital letter, then at least one letter or digit',
};
/** Files of errors, which are also their namespaces. */
export const ERROR_FILE_NAME: NameRule = {
  pattern: /^[a-z][a-zA-Z0-9_]*$/,
  what: "a small letter, then letters, digits and '_'",
};

const SECRET =
  /(^|_)(secret|password|passwd|passphrase|pin|token|credentials?|hmac(_key)?|private_key|auth_key|api_key)s?($|_)/i;

/** True for a name that says that it holds a secret (password, key, token …). */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}

/** A finding `bad-name` when the key at the end of `path` does not follow the rule. */
export function checkKey(source: YamlSource, path: YamlPath, rule: NameRule, kind: string): Finding[] {
  const name = String(path.at(-1));
  if (rule.pattern.test(name)) return [];
  return [
    source.finding(path, {
      at: 'key',
      code: 'bad-name',
      message: `'${name}' cannot be the name of ${kind}`,
      expected: rule.what,
    }),
  ];
}
