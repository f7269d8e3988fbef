// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { PassageOfTime } from '../passage-of-time.js';

/** An implementation under test, as the factory of a contract suite hands it over. */
export interface ContractSubject<Client, Device> {
  /** A consumer's client of the implementation; `harness.provides.main` is one. */
  readonly client: Client;
  /** The clock that the implementation lives on. */
  readonly clock: Clock;
  /** Stops the implementation; `harness.shutdown` does. */
  shutdown(): Promise<void>;
  /** Ends what the factory has started besides, a simulator for example. Called after `shutdown`. */
  dispose?(): void | Promise<void>;
  /** Lets time pass. Default: a virtual clock is moved, on any other one the suite waits. */
  advance?(ms: number): Promise<void>;
  /** What the suite may do to the device behind the implementation. Rules that need a missing one are skipped. */
  readonly device?: Partial<Device>;
}

/** What a rule gets to work with. */
export interface RuleContext<Client, Device, Limits> {
  readonly client: Client;
  /** Complete as far as the rule's `needs` go. */
  readonly device: Device;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly advance: (ms: number) => Promise<void>;
  readonly until: (condition: () => boolean, limitMs: number, what: string) => Promise<number>;
  readonly finish: <T>(work: PromiseLike<T> | T, limitMs: number, what: string) => Promise<T>;
  readonly shutdown: () => Promise<void>;
}

/** One thing that an interface demands of its implementations. */
export interface Rule<Client, Device, Limits> {
  /** The demand as a sentence. */
  readonly name: string;
  /** Members of the device without which the rule cannot be checked. */
  readonly needs?: readonly (keyof Device & string)[];
  /** Throws when the implementation does not do what the rule says. */
  check(context: RuleContext<Client, Device, Limits>): Promise<void>;
}

/** Makes a fresh subject; each rule gets one of its own. */
export type SubjectFactory<Client, Device> = () =>
  ContractSubject<Client, Device> | Promise<ContractSubject<Client, Device>>;

/** What came of a rule. */
export type Verdict =
  | { readonly rule: string; readonly outcome: 'kept' }
  | { readonly rule: string; readonly outcome: 'skipped'; readonly reason: string }
  | { readonly rule: string; readonly outcome: 'broken'; readonly error: unknown };

/** Checks one rule on a fresh subject. Never throws for a broken rule. */
export async function checkRule<Client, Device extends object, Limits>(
  rule: Rule<Client, Device, Limits>,
  factory: SubjectFactory<Client, Device>,
  limits: Limits,
): Promise<Verdict> {
  const subject = await factory();
  const device: Partial<Device> = subject.device ?? {};
  const missing = (rule.needs ?? []).filter((need) => device[need] === undefined);
  let verdict: Verdict = { rule: rule.name, outcome: 'kept' };
  try {
    if (missing.length > 0)
      verdict = {
        rule: rule.name,
        outcome: 'skipped',
        reason: `the factory supplies no ${missing.map((need) => `device.${need}`).join(', ')}`,
      };
    else if (hasAll(device, rule)) await rule.check(contextOf(subject, device, limits));
  } catch (error) {
    verdict = { rule: rule.name, outcome: 'broken', error };
  }
  try {
    await subject.shutdown();
  } catch (error) {
    if (verdict.outcome !== 'broken') verdict = { rule: rule.name, outcome: 'broken', error };
  }
  await subject.dispose?.();
  return verdict;
}

/** A device with the members that the rule needs counts as complete. */
function hasAll<Client, Device extends object, Limits>(
  device: Partial<Device>,
  rule: Rule<Client, Device, Limits>,
): device is Device {
  return (rule.needs ?? []).every((need) => device[need] !== undefined);
}

function contextOf<Client, Device, Limits>(
  subject: ContractSubject<Client, Device>,
  device: Device,
  limits: Limits,
): RuleContext<Client, Device, Limits> {
  const time = new PassageOfTime(subject.clock);
  return {
    client: subject.client,
    device,
    limits,
    clock: subject.clock,
    advance: async (ms) => {
      await (subject.advance?.(ms) ?? time.advance(ms));
    },
    until: async (condition, limitMs, what) => await time.until(condition, limitMs, what),
    finish: async (work, limitMs, what) => await time.finish(work, limitMs, what),
    shutdown: async () => {
      await subject.shutdown();
    },
  };
}
