// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import type { Activity } from '../containment/activity.js';
import { guardProcess, type GuardClient } from '../containment/process-guard.js';
import type { Subscription } from '../contract/index.js';
import { toError } from '../exceptions/index.js';
import { LoopMonitor } from '../observability/loop-monitor.js';
import type { Runtime } from './runtime.js';

/** Exit codes of a process that runs a composition. */
export const EXIT_CODES = {
  /** Stopped because somebody asked. */
  stopped: 0,
  /** A module did not start, or something failed outside of every module. */
  failed: 1,
  /** The composition was refused. */
  refused: 2,
  /** A second SIGINT cut the shutdown short. */
  interrupted: 130,
  /** A second SIGTERM cut the shutdown short. */
  terminated: 143,
} as const;

/** What {@link runUntilStopped} may be told. */
export interface RunOptions {
  /** Called when all modules are ready. */
  readonly onRunning?: (runtime: Runtime) => void;
  /** Ends the run like a signal would. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a runtime and keeps it until SIGINT or SIGTERM: the first stops all modules in order, a second one ends the
 * process at once. Failures that nobody caught are put down to the module they came from.
 *
 * @returns the exit code; see {@link EXIT_CODES}
 * @throws ModuleStepError when a module did not start
 */
export async function runUntilStopped(runtime: Runtime, options: RunOptions = {}): Promise<number> {
  let code: number = EXIT_CODES.stopped;
  let finish = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const guard = containFailures(runtime, () => {
    code = EXIT_CODES.failed;
    finish();
  });
  const monitor = loopMonitor(runtime);
  let signals = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(name === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.terminated);
    runtime.log.info(`${name} received, stopping; once more ends the process at once`);
    finish();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  options.signal?.addEventListener('abort', finish, { once: true });
  if (options.signal?.aborted === true) finish();
  try {
    const started = runtime.start().then(() => options.onRunning?.(runtime));
    // A signal during the start stops what has been started by then.
    await Promise.race([started, asked]);
    started.catch((thrown: unknown) => {
      if (runtime.state !== 'stopping' && runtime.state !== 'stopped')
        runtime.log.error('the start failed', { err: toError(thrown) });
    });
    await asked;
    return code;
  } finally {
    await runtime.stop();
    monitor?.stop();
    options.signal?.removeEventListener('abort', finish);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    guard.unsubscribe();
  }
}

/**
 * Puts uncaught exceptions and unhandled rejections of this process down to the runtime's module they came from. Part of
 * {@link runUntilStopped}; for programs that start and stop a runtime on their own.
 *
 * @param onForeign - told of a failure that is no module's, after it was logged
 */
export function containFailures(runtime: Runtime, onForeign: (error: Error) => void): Subscription {
  const client: GuardClient = {
    claim: (error, activity) => claim(runtime, error, activity),
    unclaimed: (error) => {
      runtime.log.error('uncaught outside of every module', { err: error });
      onForeign(error);
    },
  };
  return guardProcess(client);
}

/** Whose failure it is: told by the asynchronous context, else by the package its stack trace runs through. */
function claim(runtime: Runtime, error: Error, activity: Activity | undefined): boolean {
  if (activity !== undefined) {
    if (activity.scope.host !== runtime) return false;
    runtime.crashed(activity.scope, error, activity.handler);
    return true;
  }
  const suspects = [...runtime.slots.values()].filter(
    ({ loaded: { folder } }) => folder !== undefined && error.stack?.includes(`${folder}/`) === true,
  );
  const scope = suspects.length === 1 ? suspects[0]?.instance?.scope : undefined;
  if (scope === undefined) return false;
  runtime.crashed(scope, error, 'callback');
  return true;
}

function loopMonitor(runtime: Runtime): LoopMonitor | undefined {
  const limitMs = runtime.configuration.settings.carabiner.blockWarningMs;
  if (limitMs === 0) return undefined;
  const underWay = (): readonly string[] =>
    [...runtime.slots.values()].flatMap(({ endpoint }) =>
      [...endpoint.ports()].filter(({ busy }) => busy).map(({ label }) => label),
    );
  const monitor = new LoopMonitor(systemClock, limitMs, underWay, (heldMs, handlers) => {
    runtime.log.warn('the event loop was held', { heldMs: Math.round(heldMs), underWay: handlers });
  });
  monitor.start();
  return monitor;
}
