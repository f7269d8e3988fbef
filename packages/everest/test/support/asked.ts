// SPDX-License-Identifier: Apache-2.0
import type { MqttClient } from 'mqtt';

/** What the manager answers to a module's configuration request. */
export async function asked(
  client: MqttClient,
  origin: string,
  request: object,
): Promise<Record<string, unknown>> {
  const topic = `everest/modules/${origin}/response`;
  await client.subscribeAsync(topic, { qos: 2 });
  const answer = new Promise<Record<string, unknown>>((resolve) => {
    const take = (from: string, payload: Buffer): void => {
      if (from !== topic) return;
      client.off('message', take);
      resolve((JSON.parse(payload.toString()) as { data: Record<string, unknown> }).data);
    };
    client.on('message', take);
  });
  const data = { origin, ...request };
  await client.publishAsync(
    'everest/config/request',
    JSON.stringify({ msg_type: 'ConfigurationRequest', data }),
    {
      qos: 2,
    },
  );
  return await answer;
}
