// SPDX-License-Identifier: Apache-2.0
import type { IsolationMonitorClient } from '@carabiner/interfaces/interfaces/isolation_monitor';
import type { KvsClient } from '@carabiner/interfaces/interfaces/kvs';
import type { PowerSupplyDCClient } from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { PowermeterClient } from '@carabiner/interfaces/interfaces/powermeter';
import {
  ISOLATION_MONITOR_LIMITS,
  ISOLATION_MONITOR_RULES,
  type IsolationMonitorDevice,
  type IsolationMonitorLimits,
} from './isolation-monitor.js';
import { KVS_LIMITS, KVS_RULES, type KvsDevice, type KvsLimits } from './kvs.js';
import {
  POWER_SUPPLY_LIMITS,
  POWER_SUPPLY_RULES,
  type PowerSupplyDevice,
  type PowerSupplyLimits,
} from './power-supply-dc.js';
import {
  POWERMETER_LIMITS,
  POWERMETER_RULES,
  type PowermeterDevice,
  type PowermeterLimits,
} from './powermeter.js';
import { checkRule, type Rule, type SubjectFactory, type Verdict } from './rule.js';

/** The interfaces that have a contract suite, with their client, device and limits. */
export interface Contracts {
  readonly power_supply_DC: [PowerSupplyDCClient, PowerSupplyDevice, PowerSupplyLimits];
  readonly powermeter: [PowermeterClient, PowermeterDevice, PowermeterLimits];
  readonly isolation_monitor: [IsolationMonitorClient, IsolationMonitorDevice, IsolationMonitorLimits];
  readonly kvs: [KvsClient, KvsDevice, KvsLimits];
}

/** The factory that the suite of an interface takes. */
export type ContractFactory<I extends keyof Contracts> = SubjectFactory<Contracts[I][0], Contracts[I][1]>;

type Suites = {
  readonly [I in keyof Contracts]: {
    readonly rules: readonly Rule<Contracts[I][0], Contracts[I][1], Contracts[I][2]>[];
    readonly limits: Contracts[I][2];
  };
};

const SUITES: Suites = {
  power_supply_DC: { rules: POWER_SUPPLY_RULES, limits: POWER_SUPPLY_LIMITS },
  powermeter: { rules: POWERMETER_RULES, limits: POWERMETER_LIMITS },
  isolation_monitor: { rules: ISOLATION_MONITOR_RULES, limits: ISOLATION_MONITOR_LIMITS },
  kvs: { rules: KVS_RULES, limits: KVS_LIMITS },
};

/** The two functions of mocha that a suite needs; found as globals. */
interface TestRunner {
  readonly describe: (title: string, body: () => void) => void;
  readonly it: (
    title: string,
    body: (this: { skip(): void; timeout(ms: number): void }) => Promise<void>,
  ) => void;
}

/** How a suite is run. */
export interface ContractOptions<I extends keyof Contracts> {
  /** Bounds that this implementation may have otherwise. */
  readonly limits?: Partial<Contracts[I][2]>;
  /** Real time that one rule may take, ms; default 60 000. */
  readonly timeoutMs?: number;
}

/**
 * Defines a mocha suite with one test for each rule of an interface. Rules for which the factory supplies no means are
 * skipped, with the reason in the title.
 *
 * @param interfaceName - `power_supply_DC`, `powermeter`, `isolation_monitor` or `kvs`
 * @param factory - makes a fresh implementation for each rule
 */
export function describeContract<I extends keyof Contracts>(
  interfaceName: I,
  factory: ContractFactory<I>,
  options: ContractOptions<I> = {},
): void {
  const { rules, limits } = suiteOf(interfaceName, options.limits);
  const { describe, it } = testRunner();
  describe(`contract of ${interfaceName}`, () => {
    for (const rule of rules)
      it(rule.name, async function () {
        this.timeout(options.timeoutMs ?? 60_000);
        const verdict = await checkRule(rule, factory, limits);
        if (verdict.outcome === 'broken') throw verdict.error;
        if (verdict.outcome === 'skipped') {
          console.log(`      skipped: ${verdict.reason}`);
          this.skip();
        }
      });
  });
}

/** Checks all rules without a test runner. */
export async function checkContract<I extends keyof Contracts>(
  interfaceName: I,
  factory: ContractFactory<I>,
  limits?: Partial<Contracts[I][2]>,
): Promise<readonly Verdict[]> {
  const suite = suiteOf(interfaceName, limits);
  const verdicts: Verdict[] = [];
  for (const rule of suite.rules) verdicts.push(await checkRule(rule, factory, suite.limits));
  return verdicts;
}

function suiteOf<I extends keyof Contracts>(
  interfaceName: I,
  limits: Partial<Contracts[I][2]> | undefined,
): Suites[I] {
  const suite = SUITES[interfaceName];
  return { ...suite, limits: { ...suite.limits, ...limits } };
}

function testRunner(): TestRunner {
  const globals: Partial<TestRunner> = globalThis as object;
  const { describe, it } = globals;
  if (describe === undefined || it === undefined)
    throw new Error('describeContract needs mocha, with describe and it as globals');
  return { describe, it };
}
