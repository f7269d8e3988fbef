// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { openDispenserSocket, PowerUnitServer, type PowerUnitConnection } from '@carabiner/fusioncharge';
import { MacAddress, type EthernetLink, type LinkStatusListener } from '@carabiner/goose';
import { expect } from 'chai';
import { once } from 'node:events';
import { Dispenser } from '../dist/device/dispenser.js';

describe('the Ethernet address of the dispenser', () => {
  it('is told anew when the interface comes back with another one', async () => {
    let mac = MacAddress.parse('02:00:00:00:00:01');
    let tell: LinkStatusListener = () => undefined;
    const link: EthernetLink = {
      kind: 'memory',
      name: 'test',
      get mac() {
        return mac;
      },
      up: true,
      statistics: { sent: 0, sendErrors: 0, received: 0 },
      send: () => undefined,
      onFrame: () => () => undefined,
      onStatus: (listener) => {
        tell = listener;
        return () => undefined;
      },
      close: async () => {
        await Promise.resolve();
      },
    };
    const connections: PowerUnitConnection[] = [];
    const server = await PowerUnitServer.listen({
      port: 0,
      host: '127.0.0.1',
      onConnection: (connection) => connections.push(connection),
    });
    const dispenser = new Dispenser({
      clock: systemClock,
      link,
      connect: async (signal) => await openDispenserSocket({ host: '127.0.0.1', port: server.port, signal }),
      esn: '1',
      connectors: [{ globalNumber: 5, maxCurrent: 100, maxPower: 60_000 }],
      signFrames: true,
      acceptReplies: 'verified',
      allocationTimeoutMs: 5000,
      silenceTimeoutMs: 60_000,
    });
    try {
      dispenser.start();
      await once(dispenser, 'connected');
      const accepted = async (count: number): Promise<void> => {
        while (connections.length < count) await new Promise((resolve) => setImmediate(resolve));
      };
      await accepted(1);
      const told = async (): Promise<string> =>
        (await connections.at(-1)!.readRegisters(0x114d, 3)).toString('hex');
      expect(await told()).to.equal('020000000001');
      mac = MacAddress.parse('02:00:00:00:00:07');
      tell(true, '');
      expect(await told()).to.equal('020000000007');
      mac = MacAddress.parse('02:00:00:00:00:08');
      connections[0]!.destroy();
      await once(dispenser, 'connected');
      await accepted(2);
      expect(await told(), 'on a new connection').to.equal('020000000008');
    } finally {
      await dispenser.close();
      await server.close();
    }
  });
});
