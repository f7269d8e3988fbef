// SPDX-License-Identifier: Apache-2.0
import { connect as connectTcp, type Socket } from 'node:net';
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
    servername: tls.serverName ?? host,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    rejectUnauthorized: true,
  }).setNoDelay(true);
}
