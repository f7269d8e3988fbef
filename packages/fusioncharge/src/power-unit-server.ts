// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { FusionChargeError } from './errors.js';
import { PowerUnitConnection, type PowerUnitConnectionOptions } from './power-unit-connection.js';
import { clientNameMismatch, serverTlsOptions, type PeerName, type TlsCredentials } from './tls-options.js';

/** How a {@link PowerUnitServer} listens. */
export interface PowerUnitServerOptions extends PowerUnitConnectionOptions {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Address to listen on. Default `0.0.0.0`, every IPv4 address. */
  readonly host?: string;
  /** Mutual TLS. The dispenser's certificate must be signed by the CA and carry one of the names. */
  readonly tls?: { readonly credentials: TlsCredentials; readonly peerNames: PeerName | readonly string[] };
  /** How long a TLS handshake may take, ms. Default 10000. */
  readonly handshakeTimeoutMs?: number;
  /** Decides on each TCP connection before the TLS handshake; one that is refused is cut. Default: all are admitted. */
  readonly admit?: () => boolean;
  /** Called for each dispenser, after the TLS handshake if there is one. */
  readonly onConnection: (connection: PowerUnitConnection) => void;
  /** Called for a dispenser whose handshake failed; it has been turned away. */
  readonly onRefused?: (error: Error) => void;
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
}

/** Accepts dispensers, any number of them; one that is slow or hostile does not hold up the others. */
export class PowerUnitServer {
  readonly #server: Server;
  /** Sockets whose TLS handshake is under way, by the peer's address and port. */
  readonly #handshaking = new Map<string, Socket>();
  readonly #connections = new Set<PowerUnitConnection>();

  private constructor(options: PowerUnitServerOptions) {
    const { tls } = options;
    const admitted = (socket: Socket): boolean => {
      if (options.admit?.() !== false) return true;
      socket.on('error', () => undefined);
      socket.destroy();
      return false;
    };
    const accept = (socket: Socket): void => {
      const connection = new PowerUnitConnection(socket, options);
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
      options.onConnection(connection);
    };
    if (tls === undefined) {
      this.#server = createTcpServer((socket) => {
        if (admitted(socket)) accept(socket);
      });
    } else {
      const server = createTlsServer({
        ...serverTlsOptions(tls.credentials),
        handshakeTimeout: options.handshakeTimeoutMs ?? 10_000,
      });
      server.on('connection', (socket: Socket) => {
        if (!admitted(socket)) return;
        const peer = peerOf(socket);
        this.#handshaking.set(peer, socket);
        socket.once('close', () => this.#handshaking.delete(peer));
      });
      server.on('secureConnection', (socket) => {
        this.#handshaking.delete(peerOf(socket));
        const mismatch = clientNameMismatch(socket, tls.peerNames);
        if (mismatch === undefined) {
          accept(socket);
          return;
        }
        socket.on('error', () => undefined);
        socket.destroy();
        options.onRefused?.(mismatch);
      });
      server.on('tlsClientError', (error, socket) => {
        socket.destroy();
        options.onRefused?.(error);
      });
      this.#server = server;
    }
  }

  /**
   * Starts to listen.
   *
   * @throws FusionChargeError `FUSIONCHARGE_CONNECT` when the port cannot be opened
   */
  static async listen(options: PowerUnitServerOptions): Promise<PowerUnitServer> {
    const power = new PowerUnitServer({ clock: systemClock, ...options });
    const server = power.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) =>
        reject(
          new FusionChargeError(
            'FUSIONCHARGE_CONNECT',
            `cannot listen on port ${options.port}: ${error.message}`,
            {
              cause: error,
            },
          ),
        ),
      );
      server.listen(options.port, options.host ?? '0.0.0.0', resolve);
    });
    return power;
  }

  /** The port that is listened on. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connections that are open now. */
  get connections(): ReadonlySet<PowerUnitConnection> {
    return this.#connections;
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.close();
    for (const socket of this.#handshaking.values()) socket.destroy();
    await closed;
  }
}
