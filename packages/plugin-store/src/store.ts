// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import { StoreBase, StoreTokens, type StoreContext, type StoreImplementations } from './generated/Store.js';
import { ValueStore } from './value-store.js';

/** Module `Store`: the interface `kvs` on a {@link ValueStore}. */
@injectable()
export class Store extends StoreBase {
  private values: ValueStore | undefined;

  constructor(@inject(StoreTokens.context) context: StoreContext) {
    super(context);
  }

  override readonly implementations: StoreImplementations = {
    main: {
      store: async ({ key, value }) => {
        await this.opened.set(key, value);
      },
      load: ({ key }) => this.opened.get(key),
      delete: async ({ key }) => {
        await this.opened.delete(key);
      },
      exists: ({ key }) => this.opened.has(key),
    },
  };

  /** @throws StoreDamagedError or StoreAccessError when the data file cannot be used */
  override async init(): Promise<void> {
    const file = this.config.file.replaceAll('{module}', this.info.id);
    const store = await ValueStore.open({
      file,
      onDamage: this.config.on_damage,
      now: () => this.clock.now(),
    });
    this.values = store;
    this.context.onUnload(async () => {
      await store.close();
    });
    const { restored } = store;
    if (restored === undefined) this.log.info('store opened', { file: store.file });
    else
      this.log.error('the store was damaged and has been restored from what could be read', { ...restored });
  }

  private get opened(): ValueStore {
    if (this.values === undefined) throw new Error('the store is not open yet');
    return this.values;
  }
}
