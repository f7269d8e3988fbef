// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { FusionChargeError } from './errors.js';
import { clientTlsOptions, type PeerName, type TlsCredentials } from './tls-options.js';

/** Where and how to reach the power unit. */
export interface DispenserSocketOptions {
  /** IPv4 address or host name. */
  readonly host: string;
  readonly port: number;
  /** Mutual TLS. The name defaults to `host`; only `false` switches its check off. */
  readonly tls?: { readonly credentials: TlsCredentials; readonly peerName?: PeerName };
  /** How long connecting may take, TLS handshake included, ms. Default 5000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the dispenser's connection to the power unit.
 *
 * @throws FusionChargeError `FUSIONCHARGE_CONNECT` when it is refused, not trusted or not there in time, or given up
 */
export async function openDispenserSocket(options: DispenserSocketOptions): Promise<Socket> {
  const { host, port, tls, signal, timeoutMs = 5000, clock = systemClock } = options;
  const socket =
    tls === undefined
      ? connectTcp({ host, port, noDelay: true })
      : connectTls({ host, port, ...clientTlsOptions(tls.credentials, tls.peerName ?? host) });
  return await new Promise<Socket>((resolve, reject) => {
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('close', onClose);
      socket.removeListener('error', onError);
    };
    const fail = (why: string, cause?: unknown): void => {
      finish();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(
        new FusionChargeError(
          'FUSIONCHARGE_CONNECT',
          `no connection to the power unit at ${host}:${port}: ${why}`,
          {
            cause,
          },
        ),
      );
    };
    const onAbort = (): void => fail('given up');
    const onClose = (): void => fail('it closed the connection');
    const onError = (error: Error): void => fail(error.message, error);
    const timer = clock.setTimeout(() => fail(`not established within ${timeoutMs} ms`), timeoutMs);
    socket.once('close', onClose);
    socket.once('error', onError);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      finish();
      socket.setNoDelay(true);
      resolve(socket);
    });
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
