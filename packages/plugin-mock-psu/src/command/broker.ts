// SPDX-License-Identifier: Apache-2.0
import { connect, type MqttClient } from 'mqtt';
import { withTimeout, type Clock } from '@carabiner/clock';
import { activeFaultsText, FAULT_TOPICS, handleFaultMessage } from '../faults/fault-topics.js';
import type { MockLog } from '../mock-log.js';
import type { MockPowerUnit } from '../mock-power-unit.js';
import { PowerRequestPublication } from '../protocol/power-request-publication.js';
import type { CommandSettings } from './settings.js';

const KEEP_ALIVE_S = 400;
const RECONNECT_MS = 1000;
/** A broker has this long to take the end of the connection. */
const END_MS = 1000;

/** Publishes power requests of `mock` and takes faults from the broker. Returns how to stop. */
export function attachBroker(
  mock: MockPowerUnit,
  { host, port, baseTopic }: NonNullable<CommandSettings['mqtt']>,
  clock: Clock,
  log: MockLog,
): () => Promise<void> {
  const client: MqttClient = connect({
    protocol: 'mqtt',
    host,
    port,
    clientId: '',
    clean: true,
    keepalive: KEEP_ALIVE_S,
    reconnectPeriod: RECONNECT_MS,
    // Old requests are of no interest to anybody.
    queueQoSZero: false,
  });
  const publication = new PowerRequestPublication(clock, baseTopic, (topic, payload) => {
    if (client.connected) client.publish(topic, payload, { qos: 0, retain: false });
  });
  const publishFaults = (): void => {
    if (client.connected)
      client.publish(`${baseTopic}${FAULT_TOPICS.active}`, activeFaultsText(mock.faults.active), {
        retain: true,
      });
  };
  client.on('connect', () => {
    log.info('broker connected', { host, port });
    client.subscribe([`${baseTopic}${FAULT_TOPICS.inject}`, `${baseTopic}${FAULT_TOPICS.clear}`]);
    publishFaults();
  });
  client.on('error', (error) => log.warn('broker', { reason: error.message }));
  client.on('message', (topic, payload) => handleFaultMessage(topic, payload.toString(), mock.faults, log));
  mock.on('request', (message) => publication.onMessage(message));
  mock.on('faults', publishFaults);
  return async () => {
    try {
      await withTimeout(clock, client.endAsync(!client.connected), END_MS, 'end of the broker connection');
    } catch {
      // The client takes no second end while the first one waits for the broker.
      client.disconnecting = false;
      client.end(true);
    }
  };
}
