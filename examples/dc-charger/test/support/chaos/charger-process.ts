// SPDX-License-Identifier: Apache-2.0
// The process that plays the manager of the charger under test: one of its own, so that its end would be noticed and
// everything that it and its children write to standard error can be read.
import { createRuntime, type Runtime } from '@carabiner/core';
import { openSystem } from '@carabiner/everest';
import type { Order, Report } from './charger-messages.js';

let runtime: Runtime | undefined;

function say(report: Report): void {
  if (process.connected) process.send?.(report);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function start({ composition, folder }: Extract<Order, { kind: 'start' }>): Promise<void> {
  const log = { level: 'warn', format: 'json' } as const;
  const system = await openSystem({ composition, folder, log });
  if (system?.manager === undefined) throw new Error('no module has a process of its own');
  const { manager } = system;
  runtime = await createRuntime({ composition, folder, log: system.log, remote: system.remote });
  system.attach(runtime);
  runtime.observe((event) => {
    if (event.kind !== 'module') return;
    const { moduleId, state, reason } = event;
    say({ kind: 'module', moduleId, state, reason, pids: [...manager.pids] });
  });
  await runtime.start();
  say({ kind: 'started' });
}

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'start':
      start(order).catch((error: unknown) => {
        say({ kind: 'failed', message: text(error) });
      });
      break;
    case 'call': {
      const { id, moduleId, implementation, command, args } = order;
      const called = runtime?.call(moduleId, implementation, command, args, { timeoutMs: 5_000 });
      (called ?? Promise.reject(new Error('not started'))).then(
        (value) => {
          say({ kind: 'answer', id, value });
        },
        (error: unknown) => {
          say({ kind: 'refusal', id, message: text(error) });
        },
      );
      break;
    }
    case 'stop':
      (runtime?.stop() ?? Promise.resolve()).then(
        () => process.exit(0),
        () => process.exit(1),
      );
  }
});
// A test that was killed must not leave a charger behind.
process.on('disconnect', () => process.exit(1));
