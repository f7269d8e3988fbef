// SPDX-License-Identifier: Apache-2.0
import { ScaledClock, systemClock, TimeoutError, withTimeout } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';
import { expect } from 'chai';
import fc from 'fast-check';

describe('VirtualClock', () => {
  it('fires timers in the order of their due time, equal ones in the order of their start', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push('b'), 20);
    clock.setTimeout(() => fired.push('a'), 10);
    clock.setTimeout(() => fired.push('c'), 20);
    await clock.advance(19);
    expect(fired).to.deep.equal(['a']);
    await clock.advance(1);
    expect(fired).to.deep.equal(['a', 'b', 'c']);
    expect(clock.pending).to.equal(0);
  });

  it('lets promise chains run between two timers', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const work = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        await Promise.resolve();
        log.push(`${i}@${clock.monotonic()}`);
      }
    };
    const done = work();
    await clock.advance(30);
    await done;
    expect(log).to.deep.equal(['0@10', '1@20', '2@30']);
  });

  it('repeats an interval until it is cancelled, also from its own callback', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const timer = clock.setInterval(() => {
      count += 1;
      if (count === 3) timer.cancel();
    }, 100);
    await clock.advance(1000);
    expect(count).to.equal(3);
    expect(clock.pending).to.equal(0);
  });

  it('moves wall-clock and monotonic time together', async () => {
    const clock = new VirtualClock(1000);
    await clock.advance(250);
    expect([clock.now(), clock.monotonic()]).to.deep.equal([1250, 250]);
  });

  it('says what did not happen when a condition never holds', async () => {
    const clock = new VirtualClock();
    const failed = await clock
      .advanceUntil(() => false, 100, 'the answer')
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(String(failed)).to.match(/the answer did not hold within 100 ms/);
    expect(await clock.advanceUntil(() => clock.monotonic() >= 100, 50)).to.equal(0);
  });

  it('fires every timer exactly once, never early, whatever the steps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 500 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }),
        async (delays, steps) => {
          const clock = new VirtualClock();
          const fired: (readonly [due: number, at: number])[] = [];
          for (const delay of delays) clock.setTimeout(() => fired.push([delay, clock.monotonic()]), delay);
          for (const step of steps) await clock.advance(step);
          const total = steps.reduce((sum, step) => sum + step, 0);
          expect(fired.every(([due, at]) => due === at)).to.equal(true);
          expect(fired.length).to.equal(delays.filter((delay) => delay <= total).length);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('sleep', () => {
  it('ends with the reason of its signal and leaves no timer behind', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const slept = clock.sleep(1000, abort.signal).then(
      () => 'slept',
      (error: unknown) => String(error),
    );
    abort.abort(new Error('unplugged'));
    expect(await slept).to.equal('Error: unplugged');
    expect(clock.pending).to.equal(0);
  });
});

describe('withTimeout', () => {
  it('names the work that took too long', async () => {
    const clock = new VirtualClock();
    const never = withTimeout(clock, new Promise<void>(() => undefined), 50, 'the meter').then(
      () => undefined,
      (error: unknown) => error,
    );
    await clock.advance(50);
    const error = await never;
    expect(error).to.be.instanceOf(TimeoutError);
    expect(String(error)).to.match(/the meter did not finish within 50 ms/);
  });

  it('passes the result on and stops its timer', async () => {
    const clock = new VirtualClock();
    expect(await withTimeout(clock, Promise.resolve(7), 50, 'work')).to.equal(7);
    expect(clock.pending).to.equal(0);
  });
});

describe('systemClock', () => {
  it('keeps precise time, also for a timer set late in a long turn', async function () {
    this.timeout(10_000);
    // A busy machine takes the processor away for a while: some batch has to be as good as the machine is by itself.
    const medianOf = (numbers: number[]): number => numbers.sort((x, y) => x - y)[numbers.length >> 1] ?? 0;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    let medianMs = Number.POSITIVE_INFINITY;
    let limitMs = 0;
    for (let batch = 0; batch < 10 && medianMs >= limitMs; batch++) {
      const errorsMs: number[] = [];
      const bareErrorsMs: number[] = [];
      for (let round = 0; round < 20; round++) {
        for (const delayMs of [0.5, 2, 4]) {
          const turnMs = performance.now() + 1.5;
          while (performance.now() < turnMs);
          const startMs = performance.now();
          await new Promise<void>((resolve) => {
            systemClock.setTimeout(resolve, delayMs, { precise: true });
          });
          errorsMs.push(performance.now() - startMs - delayMs);
          const bareStartMs = performance.now();
          Atomics.wait(cell, 0, 0, 1);
          bareErrorsMs.push(performance.now() - bareStartMs - 1);
        }
      }
      medianMs = medianOf(errorsMs);
      expect(errorsMs[0]).to.be.at.least(0);
      limitMs = Math.max(0.4, 3 * medianOf(bareErrorsMs));
    }
    expect(medianMs).to.be.below(limitMs);
  });

  it('does not fire a precise timer that was cancelled, at any of its stages', async () => {
    let fired = 0;
    const timers = [0, 1, 3].map((delayMs) =>
      systemClock.setTimeout(() => (fired += 1), delayMs, { precise: true }),
    );
    await new Promise<void>((resolve) => setImmediate(resolve));
    // The first is due at once and has fired; of the others one is waiting, one is looking.
    for (const timer of timers) timer.cancel();
    await systemClock.sleep(8);
    expect(fired).to.equal(1);
  });
});

describe('ScaledClock', () => {
  it('makes durations shorter by its factor and keeps stamps consistent with them', async () => {
    const base = new VirtualClock(10_000);
    const clock = new ScaledClock(base, 20);
    let firedAt = -1;
    clock.setTimeout(() => (firedAt = clock.now()), 1000);
    await base.advance(50);
    expect(firedAt).to.equal(11_000);
    expect(clock.monotonic()).to.equal(1000);
  });

  it('agrees with another process that shares its epoch', async () => {
    const base = new VirtualClock(10_000);
    const first = new ScaledClock(base, 10, 9000);
    await base.advance(500);
    const second = new ScaledClock(base, 10, 9000);
    expect(second.now()).to.equal(first.now());
  });

  it('keeps the number of intervals right', async () => {
    const base = new VirtualClock();
    const clock = new ScaledClock(base, 10);
    let count = 0;
    const timer = clock.setInterval(() => (count += 1), 100);
    await base.advance(1000);
    timer.cancel();
    expect(count).to.equal(100);
  });

  it('refuses a factor that is no positive number', () => {
    for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new ScaledClock(systemClock, factor)).to.throw(RangeError, /above 0/);
    }
  });
});
