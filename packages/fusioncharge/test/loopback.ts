// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  DispenserConnection,
  openDispenserSocket,
  PowerUnitServer,
  RegisterBank,
  type DispenserConnectionOptions,
  type PowerUnitConnection,
} from '@carabiner/fusioncharge';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const undo: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Both ends of a connection over loopback, each with the true code. */
export interface Pair {
  readonly bank: RegisterBank;
  readonly dispenser: DispenserConnection;
  readonly powerUnit: PowerUnitConnection;
}

/** Connects a dispenser with a power unit; both end with the test. */
export async function connectPair(
  options: DispenserConnectionOptions & {
    connectors?: number;
    requestTimeoutMs?: number;
    clock?: Clock;
  } = {},
): Promise<Pair> {
  let accept: (connection: PowerUnitConnection) => void = () => undefined;
  const accepted = new Promise<PowerUnitConnection>((resolve) => (accept = resolve));
  const server = await PowerUnitServer.listen({
    port: 0,
    host: '127.0.0.1',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    onConnection: (connection) => accept(connection),
  });
  const bank = new RegisterBank(options.connectors ?? 2);
  const socket = await openDispenserSocket({ host: '127.0.0.1', port: server.port });
  const dispenser = new DispenserConnection(socket, bank, options);
  undo.push(async () => {
    dispenser.close();
    await server.close();
  });
  return { bank, dispenser, powerUnit: await accepted };
}

/** Two raw sockets that are connected with each other over loopback. */
export async function connectSockets(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, noDelay: true });
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ];
  far.setNoDelay(true);
  undo.push(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

/** Reads from `socket` until `bytes` have come. */
export async function readBytes(socket: Socket, bytes: number): Promise<Buffer> {
  let data = Buffer.alloc(0);
  while (data.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    data = Buffer.concat([data, chunk]);
  }
  return data;
}
