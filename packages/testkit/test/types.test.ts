// SPDX-License-Identifier: Apache-2.0
import type { Answer, HarnessOptions, ModuleHarness } from '@carabiner/testkit';
import { expect } from 'chai';
import { LampModuleBase, type LampModuleImplementations } from './lamp-module.js';

class Lamp extends LampModuleBase {
  override readonly implementations: LampModuleImplementations = {
    main: { dim: () => true, off: () => undefined },
  };
}

type Harness = ModuleHarness<Lamp>;
type Options = HarnessOptions<Lamp>;
type Calls = Harness['provides']['main']['call'];
type Relay = Harness['requires']['relay'];
type Answers = Parameters<Relay['answer']>[0];

/** Decided by the compiler: a wrong verdict below does not compile. */
type Fits<Value, Wanted> = [Value] extends [Wanted] ? true : false;

const verdicts = {
  arguments: {
    right: true satisfies Fits<{ level: number }, Parameters<Calls['dim']>[0]>,
    ofAnotherType: false satisfies Fits<{ level: string }, Parameters<Calls['dim']>[0]>,
  },
  result: {
    right: true satisfies Fits<ReturnType<Calls['dim']>, Promise<boolean>>,
    ofAnotherType: false satisfies Fits<ReturnType<Calls['dim']>, Promise<string>>,
  },
  commands: {
    right: true satisfies Fits<'dim' | 'off', keyof Calls>,
    unknown: false satisfies Fits<'blink', keyof Calls>,
  },
  latest: {
    right: true satisfies Fits<Harness['provides']['main']['latest']['level'], number | undefined>,
    ofAnotherType: false satisfies Fits<Harness['provides']['main']['latest']['level'], string | undefined>,
  },
  published: {
    right: true satisfies Fits<boolean, Parameters<Relay['publish']['closed']>[0]>,
    ofAnotherType: false satisfies Fits<string, Parameters<Relay['publish']['closed']>[0]>,
  },
  errors: {
    right: true satisfies Fits<'relay/Welded', Parameters<Relay['raise']>[0]['type']>,
    notListed: false satisfies Fits<'lamp/Broken', Parameters<Relay['raise']>[0]['type']>,
  },
  answers: {
    value: true satisfies Fits<{ close: string }, Answers>,
    function: true satisfies Fits<{ close: Answer<{ delay: number }, string> }, Answers>,
    ofAnotherType: false satisfies Fits<{ close: number }, Answers>,
  },
  requirements: {
    one: true satisfies Fits<Harness['requires']['spare'], Relay>,
    list: true satisfies Fits<Harness['requires']['more'], readonly Relay[]>,
  },
  options: {
    right: true satisfies Fits<{ maxLevel: number }, NonNullable<Options['config']>>,
    ofAnotherType: false satisfies Fits<{ maxLevel: string }, NonNullable<Options['config']>>,
    unknown: false satisfies Fits<'colour', keyof NonNullable<Options['config']>>,
    unknownRequirement: false satisfies Fits<'switch', keyof NonNullable<Options['requires']>>,
  },
};

describe('types of the harness', () => {
  it('come from the module class, checked by the compiler', () => {
    const rights = Object.values(verdicts).map((each) => Object.values(each)[0]);
    expect(rights.every((right) => right === true)).to.equal(true);
  });
});
