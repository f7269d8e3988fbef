// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ModuleScope } from './module-scope.js';

/** What belongs to one chain of calls; the id is made when somebody asks for it. */
export interface Trace {
  id: string | undefined;
}

/** Code of a module at work: which module, in which handler, in which chain of calls. */
export interface Activity {
  readonly scope: ModuleScope;
  /** For example `psu/main.setMode`. */
  readonly handler: string;
  readonly trace: Trace;
}

const storage = new AsyncLocalStorage<Activity | undefined>();
let traces = 0;

/** The activity whose code runs now, across awaits, timers and sockets. */
export function currentActivity(): Activity | undefined {
  return storage.getStore();
}

/** Runs `work` so that everything it starts is known to belong to `scope`. */
export function runInScope<A extends readonly unknown[], R>(
  scope: ModuleScope,
  handler: string,
  trace: Trace | undefined,
  work: (...args: A) => R,
  ...args: A
): R {
  return storage.run({ scope, handler, trace: trace ?? { id: undefined } }, work, ...args);
}

/** Runs `work` outside of every module, for the host's own long-lived things that are made while a module runs. */
export function runOutside<R>(work: () => R): R {
  // `exit` would switch the hooks of the whole process off and on again.
  return storage.run(undefined, work);
}

/** The correlation id of the current chain of calls; undefined outside of modules. */
export function correlationId(): string | undefined {
  const trace = storage.getStore()?.trace;
  if (trace === undefined) return undefined;
  trace.id ??= (++traces).toString(36).padStart(6, '0');
  return trace.id;
}
