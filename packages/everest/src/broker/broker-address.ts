// SPDX-License-Identifier: Apache-2.0
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a broker is and how to get in. */
export interface BrokerAddress {
  /** Host name or address; default `localhost`. Not together with `socketPath`. */
  readonly host?: string;
  /** TCP port; default 1883, with TLS 8883. */
  readonly port?: number;
  /** Path of a Unix socket. */
  readonly socketPath?: string;
  readonly username?: string;
  readonly password?: string;
  /** TLS with the given PEM contents; a client certificate where the broker asks for one. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    /** Name in the broker's certificate, where it differs from `host`. */
    readonly serverName?: string;
  };
}

/** The address in a form for people: never holds credentials. */
export function describeBroker(address: BrokerAddress): string {
  if (address.socketPath !== undefined) return address.socketPath;
  const { host = 'localhost', tls } = address;
  return `${tls === undefined ? 'mqtt' : 'mqtts'}://${host}:${brokerPort(address)}`;
}

export function brokerPort(address: BrokerAddress): number {
  return address.port ?? (address.tls === undefined ? 1883 : 8883);
}

/**
 * Why a connection was not made, in a form for people: says what to look at, and never holds credentials.
 */
export function connectionProblem(
  { username }: BrokerAddress,
  error: Error & { readonly code?: unknown },
): string {
  const { code } = error;
  const reason = error.message === '' ? String(code) : error.message;
  if (typeof code !== 'number' || !REFUSALS.includes(code)) return reason;
  return username === undefined
    ? `${reason}: the broker lets in nobody without a user name and password`
    : `${reason}: user name '${username}' or its password is wrong`;
}

/** Bad user name or password, not authorised: in MQTT 3.1.1, and in MQTT 5. */
const REFUSALS: readonly number[] = [4, 5, 134, 135];

/**
 * Opens the transport to a broker. Small packets leave at once: the hand-shakes of QoS 2 against delayed
 * acknowledgements would cost 40 ms each.
 */
export function openTransport(address: BrokerAddress): Socket {
  if (address.socketPath !== undefined) return connectTcp({ path: address.socketPath });
  const { host = 'localhost', tls } = address;
  const port = brokerPort(address);
  if (tls === undefined) return connectTcp({ host, port, noDelay: true });
  return connectTls({
    host,
    port,
    // Addresses are no server names; the certificate is held against `host` all the same.
    servername: tls.serverName ?? (isIP(host) === 0 ? host : ''),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    rejectUnauthorized: true,
  }).setNoDelay(true);
}
