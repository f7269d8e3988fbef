// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { decodeFrame, encodeFrame, gooseTime, gooseTimeToUnixMs } from '@carabiner/goose';
import { decodePowerMessage, encodePowerMessage, type PowerMessage } from '@carabiner/goose/fusioncharge';
import {
  dispenserMac,
  insecureRun,
  key,
  library,
  otherKey,
  psuMac,
  secureRun,
  type LibraryFrame,
} from './fixtures.js';

function messageOf({ fields }: LibraryFrame): PowerMessage {
  const { kind, connector, sn: serialNumber, type = 0, mode = 0, voltage = 0, current = 0 } = fields;
  if (kind === 'ShutdownRequest') return { kind: 'stop', connector, serialNumber, reason: fields.reason! };
  const demand = { connector, serialNumber, requirement: type, mode, voltage, current };
  if (kind === 'PowerRequest') return { kind: 'request', ...demand };
  return { kind: 'reply', ...demand, success: fields.result === 0 };
}

const hexTime = (hex: string) => {
  const bytes = Buffer.from(hex, 'hex');
  return { seconds: bytes.readUInt32BE(0), fraction: bytes.readUIntBE(4, 3), quality: bytes[7]! };
};

describe('golden frames', () => {
  for (const vector of library.frames) {
    const title = `${vector.name}${vector.fields.reason === undefined ? '' : ` 0x${vector.fields.reason.toString(16)}`}`;
    for (const form of ['plain', 'secure'] as const) {
      it(`${title}: the ${form} frame decodes to the recorded fields`, () => {
        const frame = decodeFrame(Buffer.from(vector[form], 'hex'));
        const fromPsu = vector.fields.kind === 'PowerRequestReply';
        expect(frame.source.equals(fromPsu ? psuMac : dispenserMac)).to.equal(true);
        expect(frame.destination.equals(fromPsu ? dispenserMac : psuMac)).to.equal(true);
        expect(frame.vlan).to.deep.equal({ priority: 5, dropEligible: false, id: 0 });
        expect(frame.appId).to.equal(vector.appid);
        expect(frame.secure).to.equal(form === 'secure');
        expect(frame.verify(key)).to.equal(form === 'secure');
        expect(frame.verify(otherKey)).to.equal(false);
        expect(frame.pdu).to.deep.include({
          timeAllowedToLive: 10_000,
          stNum: vector.stNum,
          sqNum: vector.sqNum,
          t: hexTime(vector.timestamp),
          simulation: false,
          confRev: 1,
          ndsCom: false,
        });
        expect(decodePowerMessage(frame.pdu)).to.deep.equal(messageOf(vector));
      });

      it(`${title}: the fields encode to the recorded ${form} bytes`, () => {
        const { appId, gocbRef, data } = encodePowerMessage(messageOf(vector));
        const fromPsu = vector.fields.kind === 'PowerRequestReply';
        const bytes = encodeFrame(
          {
            destination: fromPsu ? dispenserMac : psuMac,
            source: fromPsu ? psuMac : dispenserMac,
            vlan: { priority: 5, id: 0 },
            appId,
            pdu: {
              gocbRef,
              timeAllowedToLive: 10_000,
              datSet: gocbRef,
              goID: gocbRef,
              t: hexTime(vector.timestamp),
              stNum: vector.stNum,
              sqNum: vector.sqNum,
              simulation: false,
              confRev: 1,
              ndsCom: false,
              allData: data,
            },
          },
          form === 'secure' ? key : undefined,
        );
        expect(bytes.toString('hex')).to.equal(vector[form]);
      });
    }
  }

  for (const [name, run, secure] of [
    ['signed', secureRun, true],
    ['plain', insecureRun, false],
  ] as const) {
    it(`decodes every frame of the ${name} charge cycle and encodes it to the same bytes`, () => {
      expect(run.first_of_each).to.have.length.greaterThan(10);
      for (const { hex, decoded } of run.first_of_each) {
        const frame = decodeFrame(Buffer.from(hex, 'hex'));
        expect(frame.source.hex).to.equal(decoded.src);
        expect(frame.destination.hex).to.equal(decoded.dst);
        expect(frame.appId).to.equal(decoded.appid);
        expect(frame.secure).to.equal(secure);
        if (secure) expect(frame.verify(key)).to.equal(true);
        expect(frame.pdu.allData.map((entry) => (entry.type === 'other' ? NaN : entry.value))).to.deep.equal(
          decoded.data,
        );
        expect(frame.pdu).to.deep.include({
          gocbRef: decoded.gocbRef,
          datSet: decoded.datSet,
          goID: decoded.goID,
          timeAllowedToLive: decoded.ttl,
          t: hexTime(decoded.t),
          stNum: decoded.stNum,
          sqNum: decoded.sqNum,
          confRev: decoded.confRev,
        });
        const message = decodePowerMessage(frame.pdu);
        expect(message?.connector).to.equal(decoded.data[0]);
        const allData = encodePowerMessage(message!).data;
        const again = encodeFrame({ ...frame, pdu: { ...frame.pdu, allData } }, secure ? key : undefined);
        expect(again.toString('hex')).to.equal(hex);
      }
    });
  }

  for (const { ms, hex } of library.timestamps) {
    it(`time ${ms} ms is ${hex}`, () => {
      expect(gooseTime(ms)).to.deep.equal(hexTime(hex));
      expect(gooseTimeToUnixMs(hexTime(hex))).to.equal(ms);
    });
  }
});
