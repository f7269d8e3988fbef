// SPDX-License-Identifier: Apache-2.0

/**
 * The two generations of the protocol. They differ in the names of the configuration messages, and a name of the other
 * generation ends a C++ manager, so it has to be known before the first message is sent.
 */
export type Generation = '2025' | '2026';

/** Names of the configuration messages in each generation. */
export const CONFIGURATION_MESSAGES: Readonly<
  Record<Generation, { readonly request: string; readonly response: string }>
> = {
  '2025': { request: 'GetConfig', response: 'GetConfigResponse' },
  '2026': { request: 'ConfigurationRequest', response: 'ConfigurationResponse' },
};

/** Tells the generation from the `msg_type` of a retained definition; undefined when it is neither's. */
export function generationOf(messageType: string): Generation | undefined {
  if (messageType === CONFIGURATION_MESSAGES['2026'].response) return '2026';
  if (messageType === CONFIGURATION_MESSAGES['2025'].response) return '2025';
  return undefined;
}
