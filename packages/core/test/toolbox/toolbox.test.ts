// SPDX-License-Identifier: Apache-2.0
import { TimeoutError } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';
import {
  BackOff,
  PublishOnChange,
  StaleWatch,
  keepConnected,
  periodic,
  untilAborted,
  withDeadline,
  within,
} from '@carabiner/core/toolbox';
import { expect } from 'chai';
import { deferred, rejection, settle } from '../support/system.js';

const exact = { jitter: 0 };

describe('BackOff', () => {
  it('grows up to its limit and begins anew', () => {
    const backOff = new BackOff({ firstMs: 100, longestMs: 500, factor: 2, ...exact });
    expect([1, 2, 3, 4, 5].map(() => backOff.next())).to.deep.equal([100, 200, 400, 500, 500]);
    expect(backOff.attempts).to.equal(5);
    backOff.reset();
    expect(backOff.next()).to.equal(100);
  });

  it('leaves a share to chance', () => {
    const delays = [0, 0.5, 1].map((chance) =>
      new BackOff({ firstMs: 100, jitter: 0.2, random: () => chance }).next(),
    );
    expect(delays).to.deep.equal([100, 90, 80]);
  });
});

describe('keepConnected', () => {
  let clock: VirtualClock;
  let end: AbortController;
  let log: string[];
  beforeEach(() => {
    clock = new VirtualClock();
    end = new AbortController();
    log = [];
  });

  /** Connections that are lost when the test says so. */
  function start(
    connect: (signal: AbortSignal) => Promise<string>,
    lost: () => Promise<void> = () => new Promise(() => undefined),
  ): Promise<void> {
    return keepConnected({
      clock,
      signal: end.signal,
      connect,
      serve: (connection, signal) =>
        untilAborted(lost(), signal).finally(() => log.push(`left ${connection}`)),
      close: (connection) => void log.push(`closed ${connection}`),
      connectTimeoutMs: 1_000,
      stableAfterMs: 5_000,
      backOff: { firstMs: 100, longestMs: 1_000, ...exact },
      onUp: (connection) => void log.push(`up ${connection}`),
      onDown: (error, { attempt, delayMs }) => void log.push(`down ${error?.message} ${attempt} ${delayMs}`),
    });
  }

  it('tries again after growing delays', async () => {
    let attempts = 0;
    const done = start(() => {
      attempts += 1;
      return attempts < 4 ? Promise.reject(new Error('refused')) : Promise.resolve('it');
    });
    await clock.advance(99);
    expect(attempts).to.equal(1);
    await clock.advance(1);
    expect(attempts).to.equal(2);
    await clock.advance(200);
    expect(attempts).to.equal(3);
    await clock.advance(400);
    expect(log).to.deep.equal(['down refused 1 100', 'down refused 2 200', 'down refused 3 400', 'up it']);
    end.abort();
    await done;
    expect(log.slice(4)).to.deep.equal(['left it', 'closed it']);
    expect(clock.pending).to.equal(0);
  });

  it('gives up an attempt that takes too long, and closes what comes of it later', async () => {
    const late = deferred<string>();
    let seen: AbortSignal | undefined;
    const done = start((signal) => {
      seen ??= signal;
      return late.promise;
    });
    await clock.advance(1_000);
    expect(seen?.aborted).to.equal(true);
    expect(log[0]).to.contain('1000 ms');
    end.abort();
    late.resolve('late');
    await done;
    await settle();
    expect(log).to.contain('closed late');
    expect(log.some((line) => line.startsWith('up'))).to.equal(false);
  });

  it('counts a connection that breaks at once as a failure, one that lasted as a success', async () => {
    let breaks = deferred();
    const done = start(
      () => Promise.resolve('it'),
      () => breaks.promise,
    );
    const lose = async (): Promise<void> => {
      const former = breaks;
      breaks = deferred();
      former.reject(new Error('reset'));
      await settle();
    };
    await settle();
    await lose();
    await clock.advance(100);
    await lose();
    await clock.advance(200);
    await clock.advance(5_000);
    await lose();
    expect(log.filter((line) => line.startsWith('down'))).to.deep.equal([
      'down reset 1 100',
      'down reset 2 200',
      'down reset 1 100',
    ]);
    end.abort();
    await done;
    expect(clock.pending).to.equal(0);
  });

  it('ends during an attempt and during a wait', async () => {
    const done = start(() => new Promise(() => undefined));
    await settle();
    end.abort();
    await done;
    end = new AbortController();
    const waiting = start(() => Promise.reject(new Error('no')));
    await settle();
    end.abort();
    await waiting;
    expect(clock.pending).to.equal(0);
  });
});

describe('periodic', () => {
  const errors: Error[] = [];
  const onError = (error: Error): void => void errors.push(error);
  beforeEach(() => errors.splice(0));

  it('keeps its rate', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const work = async (): Promise<void> => {
      times.push(clock.monotonic());
      await clock.sleep(30);
    };
    const stop = periodic({ clock, periodMs: 100, work, onError });
    await clock.advance(450);
    expect(times).to.deep.equal([100, 200, 300, 400]);
    stop.unsubscribe();
    await clock.advance(1_000);
    expect(times).to.have.lengthOf(4);
    expect(clock.pending).to.equal(0);
  });

  it('never overlaps itself: rounds that fall due meanwhile are left out and counted', async () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const skipped: number[] = [];
    let running = 0;
    const stop = periodic({
      clock,
      periodMs: 100,
      immediately: true,
      work: async () => {
        running += 1;
        expect(running).to.equal(1);
        times.push(clock.monotonic());
        await clock.sleep(250);
        running -= 1;
      },
      onError,
      onSkipped: (rounds) => void skipped.push(rounds),
    });
    await clock.advance(700);
    expect(times).to.deep.equal([0, 300, 600]);
    expect(skipped).to.deep.equal([2, 2]);
    stop.unsubscribe();
    expect(errors).to.deep.equal([]);
  });

  it('does not repeat a round whose timer fired a little early', async () => {
    const clock = new VirtualClock();
    const early = Object.assign(Object.create(clock) as VirtualClock, {
      monotonic: () => clock.monotonic(),
      setTimeout: (callback: () => void, delayMs: number) =>
        clock.setTimeout(callback, Math.max(0, delayMs - 0.5)),
    });
    const times: number[] = [];
    const stop = periodic({
      clock: early,
      periodMs: 100,
      work: () => void times.push(clock.monotonic()),
      onError,
    });
    await clock.advance(350);
    expect(times).to.deep.equal([99.5, 199.5, 299.5]);
    stop.unsubscribe();
    expect(errors).to.deep.equal([]);
  });

  it('goes on after a round that failed', async () => {
    const clock = new VirtualClock();
    let rounds = 0;
    const stop = periodic({
      clock,
      periodMs: 10,
      work: () => {
        rounds += 1;
        if (rounds === 1) throw new Error('sync');
        if (rounds === 2) return Promise.reject(new Error('async'));
        return undefined;
      },
      onError,
    });
    await clock.advance(30);
    expect(rounds).to.equal(3);
    expect(errors.map(({ message }) => message)).to.deep.equal(['sync', 'async']);
    stop.unsubscribe();
  });

  it('bounds a round', async () => {
    const clock = new VirtualClock();
    const signals: AbortSignal[] = [];
    const stop = periodic({
      clock,
      periodMs: 100,
      timeoutMs: 50,
      work: (signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
      onError,
    });
    await clock.advance(150);
    expect(signals[0]?.aborted).to.equal(true);
    expect(errors[0]).to.be.instanceOf(TimeoutError);
    await clock.advance(100);
    expect(signals).to.have.lengthOf(2);
    stop.unsubscribe();
  });

  it('ends with a signal', async () => {
    const clock = new VirtualClock();
    const end = new AbortController();
    let rounds = 0;
    periodic({ clock, periodMs: 10, signal: end.signal, work: () => void (rounds += 1), onError });
    await clock.advance(20);
    end.abort();
    await clock.advance(100);
    expect(rounds).to.equal(2);
    expect(clock.pending).to.equal(0);
    periodic({ clock, periodMs: 10, signal: end.signal, work: () => void (rounds += 1), onError });
    expect(clock.pending).to.equal(0);
  });
});

describe('PublishOnChange', () => {
  it('publishes what changed', () => {
    const clock = new VirtualClock();
    const out: object[] = [];
    const value = new PublishOnChange<{ a: number }>({ clock, publish: (each) => void out.push(each) });
    for (const a of [1, 1, 2, 2, 1]) value.update({ a });
    expect(out).to.deep.equal([{ a: 1 }, { a: 2 }, { a: 1 }]);
    value.forget();
    value.update({ a: 1 });
    expect(out).to.have.lengthOf(4);
  });

  it('takes near values for the same', () => {
    const out: number[] = [];
    const value = new PublishOnChange<number>({
      clock: new VirtualClock(),
      publish: (each) => void out.push(each),
      equal: within(0.5),
    });
    for (const each of [1, 1.4, 1.5, 1.6, 2]) value.update(each);
    expect(out).to.deep.equal([1, 1.6]);
  });

  it('keeps a distance without losing the last value', async () => {
    const clock = new VirtualClock();
    const out: number[] = [];
    const value = new PublishOnChange<number>({
      clock,
      publish: (each) => void out.push(each),
      minIntervalMs: 100,
    });
    value.update(1);
    value.update(2);
    value.update(3);
    await clock.advance(99);
    expect(out).to.deep.equal([1]);
    await clock.advance(1);
    expect(out).to.deep.equal([1, 3]);
    value.update(4);
    value.update(3);
    await clock.advance(1_000);
    expect(out).to.deep.equal([1, 3]);
  });

  it('repeats a value that stays, until it is stopped', async () => {
    const clock = new VirtualClock();
    const out: number[] = [];
    const value = new PublishOnChange<number>({
      clock,
      publish: (each) => void out.push(each),
      maxIntervalMs: 1_000,
    });
    value.update(7);
    await clock.advance(2_500);
    expect(out).to.deep.equal([7, 7, 7]);
    value.unsubscribe();
    value.update(8);
    await clock.advance(5_000);
    expect(out).to.deep.equal([7, 7, 7]);
    expect(clock.pending).to.equal(0);
  });

  it('repeats also when a burst ended where it began', async () => {
    const clock = new VirtualClock();
    const out: number[] = [];
    const options = { clock, publish: (each: number) => void out.push(each) };
    const value = new PublishOnChange<number>({ ...options, minIntervalMs: 100, maxIntervalMs: 1_000 });
    value.update(1);
    value.update(2);
    value.update(1);
    await clock.advance(1_100);
    expect(out).to.deep.equal([1, 1]);
    value.unsubscribe();
  });
});

describe('StaleWatch', () => {
  it('tells once when signs of life stop, and when they come again', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const watch = new StaleWatch({
      clock,
      limitMs: 100,
      onStale: () => void log.push(`stale ${clock.monotonic()}`),
      onFresh: () => void log.push(`fresh ${clock.monotonic()}`),
    });
    await clock.advance(60);
    watch.seen();
    await clock.advance(99);
    expect(watch.stale).to.equal(false);
    expect(watch.ageMs).to.equal(99);
    await clock.advance(500);
    expect(log).to.deep.equal(['stale 160']);
    watch.seen();
    watch.seen();
    await clock.advance(100);
    expect(log).to.deep.equal(['stale 160', 'fresh 659', 'stale 759']);
    watch.unsubscribe();
    watch.seen();
    expect(clock.pending).to.equal(0);
    expect(log).to.have.lengthOf(3);
  });
});

describe('cancellation', () => {
  it('untilAborted ends with the work or the signal, whichever is first', async () => {
    const end = new AbortController();
    expect(await untilAborted(Promise.resolve(1), end.signal)).to.equal(1);
    const work = rejection(untilAborted(new Promise(() => undefined), end.signal));
    const reason = new Error('enough');
    end.abort(reason);
    expect(await work).to.equal(reason);
    expect(await rejection(untilAborted(Promise.resolve(1), end.signal))).to.equal(reason);
  });

  it('withDeadline aborts the work and leaves no timer', async () => {
    const clock = new VirtualClock();
    expect(await withDeadline(clock, 50, 'x', () => Promise.resolve(3))).to.equal(3);
    expect(clock.pending).to.equal(0);
    let seen: AbortSignal | undefined;
    const slow = rejection(
      withDeadline(clock, 50, 'the answer', (signal) => {
        seen = signal;
        return new Promise(() => undefined);
      }),
    );
    await clock.advance(50);
    expect((await slow).message)
      .to.contain('the answer')
      .and.to.contain('50 ms');
    expect(seen?.aborted).to.equal(true);
    const parent = new AbortController();
    const ended = rejection(withDeadline(clock, 50, 'x', () => new Promise(() => undefined), parent.signal));
    parent.abort(new Error('parent'));
    expect((await ended).message).to.equal('parent');
    expect(clock.pending).to.equal(0);
  });
});
