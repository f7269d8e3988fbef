// SPDX-License-Identifier: Apache-2.0

/** A key of the container with the type it resolves to. */
export type Token<T> = symbol & { readonly __resolves?: T };

/** Makes a token; the same name gives the same token in every copy of this package. */
export function token<T>(name: string): Token<T> {
  return Symbol.for(`carabiner:${name}`);
}

/**
 * Names of the tokens each module instance's container holds. Generated code types them for its module as
 * `<Module>Tokens`.
 */
export const TOKEN_NAMES = {
  context: 'context',
  info: 'info',
  config: 'config',
  implementationConfig: 'implementationConfig',
  provides: 'provides',
  requires: 'requires',
  logger: 'logger',
  clock: 'clock',
  signal: 'signal',
  externalMqtt: 'externalMqtt',
  telemetry: 'telemetry',
  globalErrors: 'globalErrors',
} as const;
