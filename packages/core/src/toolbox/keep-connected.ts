// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { toError } from '../exceptions/index.js';
import { BackOff, type BackOffOptions } from './back-off.js';
import { withDeadline } from './cancellation.js';

/** How a device is kept connected. */
export interface KeepConnectedOptions<Connection> {
  readonly clock: Clock;
  /** Ends it all; a module hands its own. */
  readonly signal: AbortSignal;
  /** Opens the connection; must end when its signal aborts. */
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  /** Uses the connection until it is lost: returns or throws then, or when its signal aborts. */
  readonly serve: (connection: Connection, signal: AbortSignal) => Promise<void>;
  /** Frees the connection, however it ended. */
  readonly close?: (connection: Connection) => void | Promise<void>;
  /** Milliseconds for one attempt; default 10 000. */
  readonly connectTimeoutMs?: number;
  /** A connection that lasted this many milliseconds counts as a success; default 10 000. */
  readonly stableAfterMs?: number;
  readonly backOff?: BackOffOptions;
  /** Told when the connection was lost or an attempt failed, with the delay before the next attempt. */
  readonly onDown?: (
    error: Error | undefined,
    next: { readonly attempt: number; readonly delayMs: number },
  ) => void;
  /** Told when the connection is open. */
  readonly onUp?: (connection: Connection) => void;
}

/**
 * Connects, serves, and connects again after a delay that grows with each failure, until the signal aborts. A connection
 * that breaks at once counts as a failure, so a device that takes and drops connections is not hammered.
 *
 * @returns when the signal aborted and the connection was freed; never throws
 */
export async function keepConnected<Connection>(options: KeepConnectedOptions<Connection>): Promise<void> {
  const { clock, signal, stableAfterMs = 10_000, onDown } = options;
  const backOff = new BackOff(options.backOff);
  while (!signal.aborted) {
    const { error, lastedMs } = await oneConnection(options);
    if (aborted(signal)) return;
    if (lastedMs >= stableAfterMs) backOff.reset();
    const delayMs = backOff.next();
    onDown?.(error, { attempt: backOff.attempts, delayMs });
    try {
      await clock.sleep(delayMs, signal);
    } catch {
      return;
    }
  }
}

async function oneConnection<Connection>(
  options: KeepConnectedOptions<Connection>,
): Promise<{ readonly error: Error | undefined; readonly lastedMs: number }> {
  const { clock, signal, connect, serve, close, connectTimeoutMs = 10_000, onUp } = options;
  let connection: Connection;
  let expired = false;
  try {
    const attempt = async (limit: AbortSignal): Promise<Connection> => {
      const opened = await connect(limit);
      // Too late to be used: the attempt was given up already.
      if (expired) await close?.(opened);
      return opened;
    };
    connection = await withDeadline(clock, connectTimeoutMs, 'connecting', attempt, signal);
  } catch (thrown) {
    expired = true;
    return { error: toError(thrown), lastedMs: 0 };
  }
  const openedMs = clock.monotonic();
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  let error: Error | undefined;
  try {
    onUp?.(connection);
    if (aborted(signal)) stop();
    await serve(connection, controller.signal);
  } catch (thrown) {
    error = toError(thrown);
  } finally {
    signal.removeEventListener('abort', stop);
    controller.abort(error);
  }
  try {
    await close?.(connection);
  } catch (thrown) {
    error ??= toError(thrown);
  }
  return { error, lastedMs: clock.monotonic() - openedMs };
}

/** A fresh look, which the compiler does not take for the one before. */
function aborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
