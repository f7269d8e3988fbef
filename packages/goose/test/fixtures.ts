// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { GooseKey, MacAddress, type GooseFrame } from '@carabiner/goose';

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url), 'utf8'));
}

export interface LibraryFrame {
  name: string;
  appid: number;
  stNum: number;
  sqNum: number;
  timestamp: string;
  fields: {
    kind: 'PowerRequest' | 'PowerRequestReply' | 'ShutdownRequest';
    connector: number;
    sn: number;
    type?: number;
    result?: number;
    mode?: number;
    voltage?: number;
    current?: number;
    reason?: number;
  };
  plain: string;
  secure: string;
}

export interface CapturedFrame {
  frame: string;
  connector: number;
  hex: string;
  decoded: {
    src: string;
    dst: string;
    tci: number;
    appid: number;
    length: number;
    gocbRef: string;
    ttl: number;
    datSet: string;
    goID: string;
    t: string;
    stNum: number;
    sqNum: number;
    simulation: number;
    confRev: number;
    ndsCom: number;
    entries: number;
    data: number[];
    hmacOk?: boolean;
  };
}

export interface Run {
  first_of_each: CapturedFrame[];
  timeline: {
    connector: number;
    stNum: number;
    frame: string;
    first_ms: number;
    sq_deltas_ms: [number, number][];
  }[];
}

export const library = read('goose-library.json') as {
  hmac_key: string;
  frames: LibraryFrame[];
  timestamps: { ms: number; hex: string }[];
};
export const secureRun = read('goose-run-secure.json') as Run;
export const insecureRun = read('goose-run-insecure.json') as Run;

export const key = new GooseKey(Buffer.from(library.hmac_key, 'hex'));
export const otherKey = new GooseKey(Buffer.alloc(48, 0x5a));
export const dispenserMac = MacAddress.parse('02:00:00:00:00:01');
export const psuMac = MacAddress.parse('02:00:00:00:00:02');

/** A frame like a power request, with what a test wants to be different. */
export function sampleFrame(changes: Partial<GooseFrame['pdu']> = {}): GooseFrame {
  return {
    destination: psuMac,
    source: dispenserMac,
    vlan: { priority: 5, id: 0 },
    appId: 1,
    pdu: {
      gocbRef: 'CC/0$GO$PowerRequest',
      timeAllowedToLive: 10_000,
      datSet: 'CC/0$GO$PowerRequest',
      goID: 'CC/0$GO$PowerRequest',
      t: { seconds: 1_700_000_000, fraction: 0, quality: 10 },
      stNum: 1,
      sqNum: 0,
      simulation: false,
      confRev: 1,
      ndsCom: false,
      allData: [
        { type: 'unsigned', value: 5, size: 2 },
        { type: 'float', value: 400.5 },
      ],
      ...changes,
    },
  };
}
