// SPDX-License-Identifier: Apache-2.0
import { GooseKey } from '@carabiner/goose';

/** The key that the reference simulation hands out, always and to everybody. Secret to nobody. */
export const CONSTANT_KEY = new GooseKey(
  Buffer.from(
    '67e426560a70ca4a833c44b31270ca9355d87b020f578e1e9d1974c02fa6f6804c2fcbdf735e711cec085b93814716ad',
    'hex',
  ),
);

/** Whether each session gets a key of its own. */
export type KeyPolicy = 'constant' | 'random';

/** The HMAC keys of the connectors, by global number. */
export class SessionKeys {
  readonly #keys = new Map<number, GooseKey>();

  constructor(readonly policy: KeyPolicy) {}

  /** The key for the session that begins at a connector. */
  issue(connector: number): GooseKey {
    if (this.policy === 'constant') return CONSTANT_KEY;
    const key = GooseKey.random();
    this.#keys.set(connector, key);
    return key;
  }

  /** The key in use; undefined when the connector never got one. */
  of(connector: number): GooseKey | undefined {
    return this.policy === 'constant' ? CONSTANT_KEY : this.#keys.get(connector);
  }
}
