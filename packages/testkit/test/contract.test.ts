// SPDX-License-Identifier: Apache-2.0
import { checkContract, describeContract, type ContractFactory, type Contracts } from '@carabiner/testkit';
import { expect } from 'chai';
import { referenceImd, type ImdDefect } from './reference/reference-imd.js';
import { referenceMeter, type MeterDefect } from './reference/reference-meter.js';
import { referencePsu, type PsuDefect } from './reference/reference-psu.js';
import { referenceStore, type StoreDefect } from './reference/reference-store.js';

describe('contract suites', () => {
  describeContract('power_supply_DC', referencePsu());
  describeContract('powermeter', referenceMeter());
  describeContract('isolation_monitor', referenceImd());
  describeContract('kvs', referenceStore());
});

/** What each wrong implementation must fail, by the beginning of the rule's name. */
const PSU: Record<PsuDefect, readonly string[]> = {
  'silent capabilities': ['publishes its capabilities'],
  'odd capabilities': ['publishes capabilities that make sense'],
  'slow values': ['publishes voltage_current'],
  'values only when on': ['publishes voltage_current'],
  'no mode': ['publishes the mode'],
  'lazy set point': ['brings mode and set point'],
  'endless off': ['returns from setMode(Off) within the time allowed, with the unit off'],
  'off in name only': ['returns from setMode(Off) within the time allowed, with the unit off'],
  'off under load': ['returns from setMode(Off) only when the current is safe'],
  'fault unnoticed': ['raises CommunicationFault'],
  'fault for ever': ['raises CommunicationFault'],
  'waits for the lost unit': ['returns from setMode(Off) within the time allowed while the unit is lost'],
  'forgets the set point': ['keeps the last set point'],
  'clears too early': ['keeps the last set point'],
  'refuses while lost': ['keeps the last set point'],
  'stays on at shutdown': ['switches the unit off when it shuts down'],
  'stays on without a caller': ['switches the unit off when whoever commanded it'],
};

const METER: Record<Exclude<MeterDefect, 'half supported'>, readonly string[]> = {
  'slow values': ['publishes measurements regularly'],
  'local time': ['stamps measurements'],
  'old time': ['stamps measurements'],
  'counts backwards': ['never counts energy backwards'],
  'no error text': ['gives an error text'],
  'any id stops': ['answers the stop of an unknown transaction'],
  'unknown id is fine': ['answers the stop of an unknown transaction', 'gives an error text'],
  'no record': ['hands over a signed record'],
  'no public key': ['hands over a signed record'],
  'last record only': ['hands over the record of the transaction'],
  'forgets records': ['gives the same record again'],
  'keeps dangling': ['ends every transaction'],
  'empty id fails': ['ends every transaction'],
  'starts when lost': ['refuses to start'],
  'fault unnoticed': ['refuses to start'],
  'hangs when lost': ['refuses to start'],
  'fault for ever': ['clears CommunicationFault'],
  'silent after the fault': ['clears CommunicationFault'],
};

const IMD: Record<ImdDefect, readonly string[]> = {
  'measures once': ['publishes measurements regularly'],
  'negative resistance': ['measures resistances'],
  'never stops': ['publishes nothing more'],
  'measures twice as often': ['takes start and stop again'],
  'refuses a second stop': ['takes start and stop again'],
  'waits for the self test': ['returns from start_self_test'],
  'no self test result': ['returns from start_self_test'],
  'two self test results': ['returns from start_self_test'],
  'self test always passes': ['reports a self test that failed'],
  'low resistance is an error': ['reports an isolation fault'],
  'fault unnoticed': ['raises CommunicationFault'],
  'fault for ever': ['raises CommunicationFault'],
};

const STORE: Record<StoreDefect, readonly string[]> = {
  'invents values': ['has nothing under a key'],
  'everything exists': ['has nothing under a key', 'forgets what is deleted'],
  'turns values into text': ['gives back every kind of value'],
  'nothing exists': ['knows what exists'],
  'folds keys': ['keeps keys apart'],
  'keeps deleted': ['forgets what is deleted'],
  'deletes everything': ['forgets what is deleted'],
  'refuses an unknown key': ['takes the deletion of an unknown key'],
  'drops the last of many': ['ends with the last'],
  'forgets at restart': ['still has everything'],
};

/** Every wrong implementation fails its rules, and every rule is failed by one of them. */
function testOfTheTests<I extends keyof Contracts, Defect extends string>(
  interfaceName: I,
  reference: (defect?: Defect) => ContractFactory<I>,
  defects: Record<Defect, readonly string[]>,
): void {
  describe(`wrong implementations of ${interfaceName}`, () => {
    const unbroken = new Set<string>();
    before(async () => {
      for (const { rule, outcome } of await checkContract(interfaceName, reference())) {
        expect(outcome, rule).to.equal('kept');
        unbroken.add(rule);
      }
    });
    for (const [defect, rules] of Object.entries(defects) as [Defect, readonly string[]][])
      it(`${defect}: fails`, async () => {
        const verdicts = await checkContract(interfaceName, reference(defect));
        const broken = verdicts.filter(({ outcome }) => outcome === 'broken').map(({ rule }) => rule);
        for (const rule of rules)
          expect(
            broken.some((each) => each.startsWith(rule)),
            `${rule} (broken: ${broken.join('; ')})`,
          ).to.equal(true);
        for (const rule of broken) if (rules.some((each) => rule.startsWith(each))) unbroken.delete(rule);
      });
    it('leave no rule unbroken', () => {
      expect([...unbroken]).to.deep.equal([]);
    });
  });
}

testOfTheTests('power_supply_DC', referencePsu, PSU);
testOfTheTests('powermeter', referenceMeter, METER);
testOfTheTests('isolation_monitor', referenceImd, IMD);
testOfTheTests('kvs', referenceStore, STORE);

describe('contract of a meter without transactions', () => {
  it('is kept when both commands are answered with NOT_SUPPORTED', async () => {
    const verdicts = await checkContract('powermeter', referenceMeter(undefined, false));
    expect(verdicts.filter(({ outcome }) => outcome !== 'kept')).to.deep.equal([]);
  });

  it('is broken when only one of them is', async () => {
    const verdicts = await checkContract('powermeter', referenceMeter('half supported', false));
    expect(verdicts.some(({ outcome }) => outcome === 'broken')).to.equal(true);
  });
});

describe('rules without means', () => {
  it('are skipped and say what is missing', async () => {
    const verdicts = await checkContract('kvs', async () => {
      return { ...(await referenceStore()()), device: {} };
    });
    expect(verdicts.at(-1)).to.deep.equal({
      rule: 'still has everything after a restart',
      outcome: 'skipped',
      reason: 'the factory supplies no device.restart',
    });
  });
});
