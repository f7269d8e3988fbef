// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@carabiner/clock';
import { ChildRun } from './child-run.js';
import { removeAtExit } from './leftovers.js';
import { MeterDevice } from './meter-device.js';
import type { RecordReport, View } from './view/view.js';

/** What a power failure left behind. */
export interface PowerFailureOutcome {
  /** Transaction that was announced before the failure. */
  readonly started: string | undefined;
  /** Transactions whose end was announced, before and after the failure, in order. */
  readonly finished: readonly string[];
  readonly records: readonly RecordReport[];
  readonly problems: readonly string[];
}

/** Seconds that the vehicle charges in the run that is killed. The meter's process lives in real time. */
const CHARGE_S = 8;

/**
 * Charges, kills the charger's process, starts it again and looks at what it delivers.
 *
 * @param shouldKill - asked whenever the charger says something; the process is killed once it answers true
 */
export async function powerFailure(
  shouldKill: (run: ChildRun) => boolean,
  view: View | undefined,
  timeline: { readonly killed?: () => void; readonly distributed?: string | undefined } = {},
): Promise<PowerFailureOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'dc-charger-failure-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  const removed = removeAtExit(removeFolder);
  const meter = await MeterDevice.start(join(folder, 'meter.pem'));
  try {
    const { port, controlPort } = meter.address;
    const { distributed } = timeline;
    const common = [
      ...['--time-factor', '1', '--store-folder', folder, '--meter', `${port}:${controlPort}`],
      ...(distributed === undefined ? [] : ['--distributed', distributed]),
    ];
    const first = new ChildRun(['--scenario', 'charge', '--duration', String(CHARGE_S), ...common], view);
    await first.until(() => shouldKill(first));
    const survived = first.problems !== undefined;
    await first.kill();
    timeline.killed?.();
    await meter.setOutput(0, 0);
    const second = new ChildRun(['--scenario', 'recover', ...common], view);
    await second.ended;
    const finished = [first, second].flatMap(({ happenings }) =>
      happenings.flatMap(({ name, uuid }) =>
        name === 'TransactionFinished' && uuid !== undefined ? [uuid] : [],
      ),
    );
    return {
      started: first.transaction('TransactionStarted'),
      finished,
      records: second.records,
      problems: [
        ...(survived ? ['the run ended before it was killed'] : []),
        ...(second.problems ?? ['the second run did not end']),
      ],
    };
  } finally {
    await meter.stop();
    removeFolder();
    removed();
  }
}

/**
 * Tells what is wrong with an outcome: a transaction that was announced is finished exactly once, under its own id, with
 * a valid record.
 */
export function judge(outcome: PowerFailureOutcome): string[] {
  const { started, finished, records, problems } = outcome;
  const found = [...problems];
  if (started !== undefined && !finished.includes(started)) found.push(`transaction ${started} was lost`);
  if (new Set(finished).size < finished.length)
    found.push(`a transaction was finished twice: ${finished.join(', ')}`);
  if (finished.length > 1) found.push(`more than one transaction was finished: ${finished.join(', ')}`);
  for (const record of records)
    if (!record.verified) found.push(`record of ${record.transactionId}: ${record.reason}`);
  return found;
}

/** The scenario `power-failure`. @returns true when the transaction survived */
export async function runPowerFailure(view: View, distributed?: string): Promise<boolean> {
  const startMs = systemClock.monotonic();
  const outcome = await powerFailure(
    (run) => run.readings.filter(({ currentA }) => currentA > 5).length >= 4,
    view,
    {
      distributed,
      killed: () =>
        view.happened({
          atMs: systemClock.monotonic() - startMs,
          evse: undefined,
          kind: 'action',
          name: 'power failure: the process was killed; it is started again',
          text: '',
          uuid: undefined,
        }),
    },
  );
  const problems = judge(outcome);
  if (outcome.started === undefined) problems.push('no transaction had been started');
  if (outcome.records.length !== 1)
    problems.push(`expected one recovered record, got ${outcome.records.length}`);
  const ok = problems.length === 0;
  view.summary({
    scenario: 'power-failure',
    ok,
    problems,
    timeFactor: 1,
    wallMs: systemClock.monotonic() - startMs,
    phases: new Map(),
  });
  return ok;
}
