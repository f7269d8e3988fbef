// SPDX-License-Identifier: Apache-2.0
// A variable from its publisher to 1, 10 and 100 subscribers, beside an EventEmitter.
import { EventEmitter } from 'node:events';
import { createRuntime } from '@carabiner/core';
import { Link, Source, medianNs, report } from './support/bench-modules.mjs';

let publisher;
class Publisher extends Source {
  static descriptor = Source.descriptor;
  init() {
    publisher = this.provides.main.publish;
  }
}

const value = { voltage: 400, current: 20 };
for (const subscribers of [1, 10, 100]) {
  Link.made.length = 0;
  const users = Array.from({ length: subscribers }, (_, index) => [
    `user${index}`,
    { module: 'Link', connections: { sources: [{ module_id: 'source', implementation_id: 'main' }] } },
  ]);
  const runtime = await createRuntime({
    composition: { active_modules: { source: { module: 'Source' }, ...Object.fromEntries(users) } },
    modules: { Source: Publisher, Link },
    log: { level: 'silent' },
  });
  await runtime.start();
  let received = 0;
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  for (const { requires } of Link.made) {
    requires.sources[0].subscribe.reading(() => {
      received += 1;
    });
    emitter.on('reading', () => {
      received += 1;
    });
  }
  const bus = async (count) => {
    for (let index = 0; index < count; index += 1) {
      publisher.reading(value);
      await undefined;
    }
  };
  const peer = async (count) => {
    for (let index = 0; index < count; index += 1) {
      emitter.emit('reading', value);
      await undefined;
    }
  };
  const options = { rounds: 30, count: Math.max(20, 2_000 / subscribers) };
  await medianNs(bus, options);
  await medianNs(peer, options);
  report(`variable to ${subscribers} subscribers`, await medianNs(bus, options), 'ns', {
    peer: 'EventEmitter, not validated, not isolated',
    peerValue: await medianNs(peer, options),
  });
  if (received === 0) throw new Error('nothing was delivered');
  await runtime.stop();
}
