// SPDX-License-Identifier: Apache-2.0
// Run by the tests of containment as a process of its own: argv[2] tells what goes wrong.
import { connect } from 'node:net';
import { createRuntime, runUntilStopped } from '@carabiner/core';
import { CounterModule, UserModule } from './modules.js';

const failure = process.argv[2] ?? 'none';

class Failing extends CounterModule {
  override async init(): Promise<void> {
    if (failure !== 'slow-init') return;
    console.log('init');
    await new Promise(() => undefined);
  }
  override ready(): void {
    switch (failure) {
      case 'timer':
        setTimeout(() => {
          throw new Error('in a timer');
        }, 5);
        break;
      case 'rejection':
        void Promise.reject(new Error('in a promise'));
        break;
      case 'later':
        void (async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          throw new Error('after an await');
        })();
        break;
      case 'socket':
        connect(1, '127.0.0.1');
        break;
      case 'tick':
        process.nextTick(() => {
          throw new Error('in a tick');
        });
        break;
      case 'leftover':
        void (async () => {
          for (;;) await this.clock.sleep(1_000, this.signal);
        })();
        break;
      case 'hang':
        process.on('exit', () => console.log('exit'));
        break;
      default:
    }
  }
  override async shutdown(): Promise<void> {
    console.log('shutdown counter');
    if (failure === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
}

const runtime = await createRuntime({
  composition: {
    settings: { carabiner: { shutdown_timeout_ms: 50_000 } },
    active_modules: {
      counter: { module: 'CounterModule', restart: 'never' },
      user: {
        module: 'UserModule',
        connections: { counter: [{ module_id: 'counter', implementation_id: 'main' }] },
      },
    },
  },
  modules: { CounterModule: Failing, UserModule },
  log: { level: 'silent' },
});
runtime.observe((event) => {
  if (event.kind !== 'module' || event.state !== 'failed') return;
  const states = runtime.modules().map(({ id, state }) => `${id} ${state}`);
  console.log(`failed: ${event.reason}; ${states.join(', ')}`);
  if (event.reason?.includes('not started again') !== true)
    setImmediate(() => process.kill(process.pid, 'SIGTERM'));
});
process.exitCode = await runUntilStopped(runtime, {
  onRunning: () => {
    console.log('running');
    if (failure === 'outside')
      setImmediate(() => {
        throw new Error('outside of every module');
      });
  },
});
console.log('stopped');
