// SPDX-License-Identifier: Apache-2.0
// Frames a second through codec and signature, beside the plain HMAC of node:crypto over the same bytes.
import { createHmac } from 'node:crypto';
import { decodeFrame, EncodedFrame, encodeFrame, GooseKey, MacAddress, PRIORITY_TAG } from '@carabiner/goose';
import { decodePowerMessage, encodePowerMessage } from '@carabiner/goose/fusioncharge';

const ROUND_MS = 150;
const ROUNDS = 5;

/** The best of a few rounds, in calls a second: noise only ever slows down. */
function rate(work) {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < ROUND_MS) {
      for (let index = 0; index < 500; index++) work();
      count += 500;
    }
    best = Math.max(best, (count * 1000) / (performance.now() - start));
  }
  return Math.round(best);
}

const bytes = Buffer.alloc(48, 7);
const key = new GooseKey(bytes);
const source = MacAddress.parse('02:00:00:00:00:01');
const destination = MacAddress.parse('02:00:00:00:00:02');
let sqNum = 0;

function frame() {
  const message = encodePowerMessage({
    kind: 'request',
    connector: 5,
    requirement: 5,
    mode: 2,
    voltage: 400.5,
    current: 99.9,
  });
  sqNum = (sqNum + 1) & 0xffff;
  return {
    destination,
    source,
    vlan: PRIORITY_TAG,
    appId: message.appId,
    pdu: {
      gocbRef: message.gocbRef,
      timeAllowedToLive: 10_000,
      datSet: message.gocbRef,
      goID: message.gocbRef,
      t: { seconds: 1_700_000_000, fraction: 0, quality: 10 },
      stNum: 5,
      sqNum,
      simulation: false,
      confRev: 1,
      ndsCom: false,
      allData: message.data,
    },
  };
}

const sample = encodeFrame(frame(), key);
const covered = sample.subarray(16, sample.length - 35);
const hmac = rate(() => createHmac('sha256', bytes).update(covered).digest());
const report = (bench, value, unit = 'frames/s') =>
  console.log(
    JSON.stringify({
      bench,
      value,
      unit,
      peer: 'node:crypto HMAC-SHA256 of the same bytes',
      peerValue: hmac,
      ratio: Number((value / hmac).toFixed(2)),
    }),
  );

report(
  'goose encode+sign',
  rate(() => encodeFrame(frame(), key)),
);
const repeated = new EncodedFrame(frame(), key);
report(
  'goose repeat (new sqNum, sign)',
  rate(() => {
    sqNum = (sqNum + 1) & 0xffff;
    repeated.setSqNum(sqNum);
  }),
);
report(
  'goose verify+decode',
  rate(() => {
    const received = decodeFrame(sample);
    if (!received.verify(key) || decodePowerMessage(received.pdu) === undefined) throw new Error('refused');
  }),
);
