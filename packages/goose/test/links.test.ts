// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  encodeFrame,
  EthernetLinkError,
  MacAddress,
  MemoryNetwork,
  openPacketLink,
  openUdpLink,
  type EthernetLink,
} from '@carabiner/goose';
import { VirtualClock } from '@carabiner/clock/virtual';
import { makeVethPair, type VethPair } from '@carabiner/testkit';
import { once, EventEmitter } from 'node:events';
import { execFileSync } from 'node:child_process';
import { key, sampleFrame } from './fixtures.js';
import { skip } from './requirement.js';

const frameFrom = (link: EthernetLink, changes = {}) =>
  encodeFrame({ ...sampleFrame(changes), source: link.mac }, key);

/** Waits for the next frame on a link. */
async function nextFrame(link: EthernetLink, act: () => void): Promise<Buffer> {
  const heard = new EventEmitter();
  const off = link.onFrame((frame) => void heard.emit('frame', frame));
  const arrival = once(heard, 'frame', { signal: AbortSignal.timeout(2000) });
  act();
  const [frame] = (await arrival) as [Buffer];
  off();
  return frame;
}

describe('memory links', () => {
  it('reach every other link of the network, after the sender is done, until they are closed', async () => {
    const network = new MemoryNetwork();
    const [a, b, c] = [network.link(), network.link(), network.link()];
    const heard: string[] = [];
    a.onFrame(() => heard.push('a'));
    b.onFrame(() => heard.push('b'));
    const off = c.onFrame(() => heard.push('c'));
    const frame = frameFrom(a);
    const original = Buffer.from(frame);
    a.send(frame);
    frame.fill(0);
    expect(heard).to.deep.equal([]);
    await Promise.resolve();
    expect(heard).to.deep.equal(['b', 'c']);
    off();
    await b.close();
    a.send(original);
    await Promise.resolve();
    expect(heard).to.have.length(2);
    b.send(original);
    expect(b.statistics.sendErrors).to.equal(1);
  });

  it('tell of the cable', async () => {
    const link = new MemoryNetwork().link();
    const seen: [boolean, string][] = [];
    link.onStatus((up, reason) => seen.push([up, reason]));
    link.setCable(false);
    link.setCable(false);
    link.setCable(true);
    expect(seen).to.deep.equal([
      [false, 'no cable'],
      [true, ''],
    ]);
  });
});

describe('udp links', () => {
  const group = '239.136.184.77';
  const port = 20_000 + (process.pid % 20_000);

  it('carry frames between all members of the group, own ones excepted', async () => {
    const [a, b, c] = await Promise.all([0, 1, 2].map(async () => openUdpLink({ group, port })));
    let own = 0;
    a!.onFrame(() => (own += 1));
    const frame = frameFrom(a!);
    const sent = Buffer.from(frame);
    const [atB, atC] = await Promise.all([
      nextFrame(b!, () => undefined),
      nextFrame(c!, () => {
        a!.send(frame);
        frame.fill(0);
      }),
    ]);
    expect(atB).to.deep.equal(sent);
    expect(atC).to.deep.equal(sent);
    expect(await nextFrame(a!, () => b!.send(frameFrom(b!)))).to.have.length.greaterThan(60);
    expect(own).to.equal(1);
    expect(a!.statistics).to.deep.equal({ sent: 1, sendErrors: 0, received: 1 });
    await Promise.all([a!.close(), b!.close(), c!.close()]);
    a!.send(frame);
    expect(a!.statistics.sendErrors).to.equal(1);
    await a!.close();
  });

  it('say what is wrong with an address', async () => {
    for (const options of [
      { group: 'example' },
      { group: '10.0.0.1', port },
      { address: '203.0.113.7', port },
    ]) {
      const error: unknown = await openUdpLink(options).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(EthernetLinkError);
      expect((error as EthernetLinkError).message).to.contain('udp link');
    }
  });
});

describe('packet links', () => {
  const clock = new VirtualClock();
  let pair: VethPair;
  let remove = (): void => undefined;

  before(function () {
    const made = makeVethPair('cbg');
    if ('unavailable' in made) skip(this, 'packet', made.unavailable);
    pair = made;
    remove = made.remove;
  });
  after(() => remove());

  it('carry frames over a pair of interfaces, tagged and untagged, and know the address', async () => {
    const a = await openPacketLink({ interface: pair.a, clock });
    const b = await openPacketLink({ interface: pair.b, clock });
    expect(a.up).to.equal(true);
    expect(a.mac.equals(b.mac)).to.equal(false);
    const tagged = frameFrom(a);
    const untagged = Buffer.concat([tagged.subarray(0, 12), tagged.subarray(16)]);
    // The kernel takes the tag off.
    expect(await nextFrame(b, () => a.send(tagged))).to.deep.equal(untagged);
    expect(await nextFrame(b, () => a.send(untagged))).to.deep.equal(untagged);
    const otherVlan = Buffer.from(tagged);
    otherVlan.writeUInt16BE(0xa0c8, 14);
    expect(await nextFrame(b, () => a.send(otherVlan))).to.deep.equal(untagged);
    expect(a.statistics).to.deep.equal({ sent: 3, sendErrors: 0, received: 0 });
    expect(b.statistics.received).to.equal(3);
    await Promise.all([a.close(), b.close()]);
    expect(clock.pending).to.equal(0);
    a.send(tagged);
    expect(a.statistics.sendErrors).to.equal(1);
  });

  it('do not hear other protocols', async () => {
    const a = await openPacketLink({ interface: pair.a, clock });
    const b = await openPacketLink({ interface: pair.b, clock });
    const foreign = frameFrom(a);
    foreign.writeUInt16BE(0x0800, 16);
    const wanted = frameFrom(a);
    await nextFrame(b, () => {
      a.send(foreign);
      a.send(wanted);
    });
    expect(b.statistics.received).to.equal(1);
    await Promise.all([a.close(), b.close()]);
  });

  it('take many frames in order', async () => {
    const a = await openPacketLink({ interface: pair.a, clock });
    const b = await openPacketLink({ interface: pair.b, clock });
    const heard: number[] = [];
    const all = new EventEmitter();
    b.onFrame((frame) => {
      heard.push(frame.readUInt16BE(14));
      if (heard.length === 1000) all.emit('done');
    });
    const done = once(all, 'done', { signal: AbortSignal.timeout(3000) });
    for (let index = 0; index < 1000; index++) {
      const frame = frameFrom(a);
      frame.writeUInt16BE(index, 18);
      a.send(frame);
      if (index % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    expect(heard).to.deep.equal(Array.from({ length: 1000 }, (_, index) => index));
    await Promise.all([a.close(), b.close()]);
  });

  it('come back after the interface was down, and after it was removed and made anew', async () => {
    const a = await openPacketLink({ interface: pair.a, clock });
    const b = await openPacketLink({ interface: pair.b, clock });
    const seen: string[] = [];
    b.onStatus((up, reason) => seen.push(up ? 'up' : reason));

    pair.ip('link', 'set', pair.b, 'down');
    await clock.advance(1000);
    b.send(frameFrom(b));
    expect([a.up, b.up, b.statistics.sendErrors]).to.deep.equal([false, false, 1]);
    pair.ip('link', 'set', pair.b, 'up');
    await clock.advance(1000);
    await nextFrame(b, () => a.send(frameFrom(a)));
    await nextFrame(a, () => b.send(frameFrom(b)));

    pair.ip('link', 'del', pair.a);
    await clock.advance(1000);
    expect(b.up).to.equal(false);
    pair.ip('link', 'add', pair.a, 'type', 'veth', 'peer', 'name', pair.b);
    pair.ip('link', 'set', pair.b, 'address', '02:00:00:00:00:aa', 'up');
    pair.ip('link', 'set', pair.a, 'up');
    await clock.advance(1000);
    expect(b.mac.toString()).to.equal('02:00:00:00:00:aa');
    await nextFrame(b, () => a.send(frameFrom(a)));
    await nextFrame(a, () => b.send(frameFrom(b)));
    expect(seen).to.deep.equal(['the interface is down', 'up', 'the interface is gone', 'up']);
    await Promise.all([a.close(), b.close()]);
  });

  it('refuse unknown interfaces and such that are no Ethernet', async () => {
    for (const [name, code] of [
      ['carabiner-none', 'LINK_UNKNOWN_INTERFACE'],
      ['a-name-that-is-far-too-long', 'LINK_UNKNOWN_INTERFACE'],
      ['', 'LINK_UNKNOWN_INTERFACE'],
      ['lo', 'LINK_FAILED'],
    ] as const) {
      const error = (await openPacketLink({ interface: name, clock }).catch(
        (e: unknown) => e,
      )) as EthernetLinkError;
      expect(error).to.be.instanceOf(EthernetLinkError);
      expect(error.code).to.equal(code);
      expect(error.message).to.contain(`"${name}"`);
    }
    expect(clock.pending).to.equal(0);
  });

  it('name CAP_NET_RAW and the udp link where the process may not', function () {
    const script = `
      import { openPacketLink } from '@carabiner/goose';
      import { systemClock } from '@carabiner/clock';
      process.setgid(65534); process.setuid(65534);
      await openPacketLink({ interface: '${pair.a}', clock: systemClock }).catch((e) => console.log(e.code, e.message));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('.', import.meta.url),
      encoding: 'utf8',
    });
    expect(output).to.contain('LINK_NO_PERMISSION').and.contain('CAP_NET_RAW').and.contain('"udp"');
  });
});

it('random addresses differ', () => {
  expect(MacAddress.random().equals(MacAddress.random())).to.equal(false);
});
