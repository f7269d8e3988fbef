// SPDX-License-Identifier: Apache-2.0
// Child process of the benchmarks: the simulated power unit, which notes when each GOOSE frame arrived (on Ethernet as the
// kernel stamps it, so that its own work does not count).
// Arguments: link kind, interface or UDP port. Answers the message `arrivals` with what came since the last one.
import { systemClock } from '@carabiner/clock';
import { decodeFrame, openPacketLink, openUdpLink } from '@carabiner/goose';
import { decodePowerMessage } from '@carabiner/goose/fusioncharge';
import { MockPowerUnit } from '@carabiner/plugin-mock-psu';
import { tapFrames } from './frame-tap.mjs';

const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_GOOSE = 0x88b8;

const [kind, place] = process.argv.slice(2);
const link =
  kind === 'packet'
    ? await openPacketLink({ interface: place, clock: systemClock })
    : await openUdpLink({ port: Number(place) });
const arrivals = [];
const take = (bytes, atNs) => {
  if (bytes.readUInt16BE(12) !== ETHERTYPE_VLAN && bytes.readUInt16BE(12) !== ETHERTYPE_GOOSE) return;
  const { pdu } = decodeFrame(bytes);
  const message = decodePowerMessage(pdu);
  if (message?.kind === 'request')
    arrivals.push([message.connector, pdu.stNum, pdu.sqNum, String(atNs), message.voltage]);
};
if (kind === 'packet') tapFrames(place, take);
else link.onFrame((bytes) => take(bytes, process.hrtime.bigint()));
const mock = await MockPowerUnit.start({ link, port: 0, host: '127.0.0.1', roundsWithoutRatings: 0 });
process.on('message', (message) => {
  if (message === 'arrivals') process.send(arrivals.splice(0));
  else process.exit(0);
});
process.once('disconnect', () => process.exit());
process.send(mock.port);
