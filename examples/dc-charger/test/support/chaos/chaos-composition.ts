// SPDX-License-Identifier: Apache-2.0
import { Composition } from '../../../dist/composition.js';
import { placeOnThisMachine } from '../../../dist/placement.js';

/** The charger of the example with every module in a process of its own. */
export interface ChaosComposition {
  readonly data: unknown;
  readonly moduleIds: readonly string[];
}

/** Where the processes meet: a broker at a port, or one inside the manager's process that listens at it. */
export type MeetingPoint = { readonly at: number } | { readonly embeddedAt: number };

/** @param folder - for the store */
export async function chaosComposition(folder: string, meeting: MeetingPoint): Promise<ChaosComposition> {
  const composition = new Composition(new URL('../../../compositions/dc-charger.yaml', import.meta.url));
  // A second supply that nobody uses would cost a process.
  for (const id of composition.ofModule('VoltlinePsu')) composition.remove(id);
  for (const bench of composition.ofModule('BenchSimulator')) {
    const { connections } = composition.data.active_modules[bench] ?? {};
    if (connections !== undefined) Reflect.deleteProperty(connections, 'power_supply');
  }
  await placeOnThisMachine(composition, { folder, veth: undefined, meter: undefined });
  const modules = Object.entries(composition.data.active_modules);
  const restart = { delay_ms: 20, max_delay_ms: 50, max_attempts: 100_000 };
  const mqtt =
    'at' in meeting
      ? { broker: { host: '127.0.0.1', port: meeting.at } }
      : { broker: 'embedded', embedded_port: meeting.embeddedAt };
  return {
    data: {
      ...composition.data,
      settings: { ...composition.data.settings, carabiner: { mqtt } },
      active_modules: Object.fromEntries(
        modules.map(([id, entry]) => [id, { ...entry, isolation: 'process', restart }]),
      ),
    },
    moduleIds: modules.map(([id]) => id),
  };
}
