// SPDX-License-Identifier: Apache-2.0
import { systemClock, withTimeout } from '@carabiner/clock';
import type { Topics } from '../protocol/topics.js';
import type { BrokerSession } from './broker-session.js';

/** A round trip on one machine takes less than a millisecond; delayed acknowledgements make 40 ms and more of it. */
export const SLOW_ROUND_TRIP_MS = 20;

/** What cures a broker that delays small packets. */
export const SLOW_BROKER_CURE =
  'the broker delays small packets: set "set_tcp_nodelay true" in mosquitto.conf and restart it';

const PROBE_TIMEOUT_MS = 5_000;

/**
 * Measures how long a message takes from this process through the broker and back, QoS 2 with both hand-shakes, on the
 * machine's own clock.
 *
 * @returns the median in milliseconds
 * @throws TimeoutError when a message does not come back within 5 s
 */
export async function measureRoundTrip(session: BrokerSession, topics: Topics, count = 5): Promise<number> {
  const topic = `${topics.prefixes.everest}carabiner/probe/${crypto.randomUUID()}`;
  let over: () => void = () => undefined;
  const subscription = session.subscribe(topic, () => undefined);
  // The message itself would be on time even where the next command is not.
  const handshakes = session.onHandshake(topic, () => over());
  try {
    await session.acknowledged();
    const times: number[] = [];
    for (let index = 0; index < count; index++) {
      const back = new Promise<void>((resolve) => {
        over = resolve;
      });
      const startMs = systemClock.monotonic();
      const sent = session.publish(topic, String(index));
      await withTimeout(systemClock, Promise.all([sent, back]), PROBE_TIMEOUT_MS, 'round trip to the broker');
      times.push(systemClock.monotonic() - startMs);
    }
    times.sort((a, b) => a - b);
    return times[Math.floor(times.length / 2)] ?? Number.NaN;
  } finally {
    handshakes.unsubscribe();
    subscription.unsubscribe();
  }
}
