// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Composition } from './composition.js';
import type { VethPair } from './veth-pair.js';
import type { MeterAddress } from './meter-device.js';

/** What a run needs from its machine. */
export interface Placement {
  /** Folder of the run, for the store. */
  readonly folder: string;
  /** Ethernet between driver and power unit; undefined sends the frames in UDP datagrams. */
  readonly veth: VethPair | undefined;
  /** A simulated meter of another process, instead of the one in the composition. */
  readonly meter: MeterAddress | undefined;
}

/** A free TCP port on loopback. */
export async function freePort(): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Gives each simulated device a port of its own, so that several runs can share a machine, and the store a folder. */
export async function placeOnThisMachine(composition: Composition, placement: Placement): Promise<void> {
  await placePowerUnits(composition, placement);
  if (placement.meter === undefined) await placeMeters(composition);
  else useMeter(composition, placement.meter);
  for (const store of composition.ofModule('Store')) {
    composition.configure(store, { file: join(placement.folder, `${store}.lmdb`) });
  }
}

async function placePowerUnits(composition: Composition, { veth }: Placement): Promise<void> {
  const ethernet_link = veth === undefined ? 'udp' : 'packet';
  for (const unit of composition.ofModule('MockPsu')) {
    const port = await freePort();
    const gooseUdpPort = await freePort();
    composition.configure(unit, {
      ...{ port, ethernet_link, udp_port: gooseUdpPort },
      ...(veth === undefined ? {} : { ethernet_interface: veth.second }),
    });
    for (const driver of composition.ofModule('HuaweiPsu')) {
      composition.configure(driver, {
        ...{ psu_ip: '127.0.0.1', psu_port: port, ethernet_link, udp_port: gooseUdpPort },
        ...(veth === undefined ? {} : { ethernet_interface: veth.first }),
      });
    }
  }
}

/** The n-th simulated meter belongs to the n-th driver. */
async function placeMeters(composition: Composition): Promise<void> {
  const drivers = composition.ofModule('IemDcr');
  for (const [index, device] of composition.ofModule('IemDcrSimulator').entries()) {
    const port = await freePort();
    composition.configure(device, { port, control_port: await freePort() });
    const driver = drivers[index];
    if (driver !== undefined) composition.configure(driver, { ip_address: '127.0.0.1', port_http: port });
  }
}

function useMeter(composition: Composition, { port }: MeterAddress): void {
  for (const device of composition.ofModule('IemDcrSimulator')) composition.remove(device);
  for (const driver of composition.ofModule('IemDcr')) {
    composition.configure(driver, { ip_address: '127.0.0.1', port_http: port });
  }
}
