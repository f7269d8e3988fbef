// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Socket } from 'node:net';

/** How long the peer may take to close its half. */
const LINGER_MS = 1000;

/**
 * Closes a connection in the ordinary way: what was written is sent, then FIN, and what still arrives is read and
 * thrown away. A connection closed with unread data would be reset, and a reset kills some power unit simulators.
 */
export function closeSocket(socket: Socket, clock: Clock): void {
  if (socket.destroyed) return;
  socket.removeAllListeners('data');
  socket.resume();
  const timer = clock.setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => timer.cancel());
  socket.end();
}
