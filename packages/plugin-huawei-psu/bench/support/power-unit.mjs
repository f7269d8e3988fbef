// SPDX-License-Identifier: Apache-2.0
// Child process of the benchmarks: the simulated power unit, which notes when each GOOSE frame arrives.
// Arguments: link kind, interface or UDP port. Answers the message `arrivals` with what came since the last one.
import { systemClock } from '@carabiner/clock';
import { decodeFrame, openPacketLink, openUdpLink } from '@carabiner/goose';
import { decodePowerMessage } from '@carabiner/goose/fusioncharge';
import { MockPowerUnit } from '@carabiner/plugin-mock-psu';

const [kind, place] = process.argv.slice(2);
const link =
  kind === 'packet'
    ? await openPacketLink({ interface: place, clock: systemClock })
    : await openUdpLink({ port: Number(place) });
const arrivals = [];
link.onFrame((bytes) => {
  const atNs = process.hrtime.bigint();
  const { pdu } = decodeFrame(bytes);
  const message = decodePowerMessage(pdu);
  if (message?.kind === 'request')
    arrivals.push([message.connector, pdu.stNum, pdu.sqNum, String(atNs), message.voltage]);
});
const mock = await MockPowerUnit.start({ link, port: 0, host: '127.0.0.1', roundsWithoutRatings: 0 });
process.on('message', (message) => {
  if (message === 'arrivals') process.send(arrivals.splice(0));
  else process.exit(0);
});
process.once('disconnect', () => process.exit());
process.send(mock.port);
