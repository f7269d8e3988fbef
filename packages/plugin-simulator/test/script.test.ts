// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { parseScenario } from '../dist/vehicle/scenario-file.js';
import { parseScript, ScriptError } from '../dist/vehicle/script.js';

describe('vehicle script', () => {
  it('parses commands with arguments separated by blanks or commas', () => {
    expect(parseScript('sleep 1;iso_wait_slac_matched; draw_power_regulated 16,3 ;unplug;')).to.deep.equal([
      { command: 'sleep', args: ['1'] },
      { command: 'iso_wait_slac_matched', args: [] },
      { command: 'draw_power_regulated', args: ['16', '3'] },
      { command: 'unplug', args: [] },
    ]);
  });

  it('names the step that is wrong', () => {
    expect(() => parseScript('plugin;sleeep 1')).to.throw(ScriptError, /step 2: unknown command 'sleeep'/);
    expect(() => parseScript('sleep')).to.throw(ScriptError, /'sleep' takes 1 argument\(s\), got 0/);
  });

  it('never throws anything but its own error', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseScript(text);
        } catch (error) {
          expect(error).to.be.instanceOf(ScriptError);
        }
      }),
    );
  });
});

describe('vehicle scenario file', () => {
  it('holds the same commands as a script', () => {
    const yaml =
      'description: AC\nsteps:\n  - plugin\n  - sleep: 1\n  - draw_power_regulated: [16, 3]\n  - unplug:\n';
    expect(parseScenario(yaml)).to.deep.equal(parseScript('plugin;sleep 1;draw_power_regulated 16,3;unplug'));
  });

  it('says what is wrong with it', () => {
    expect(() => parseScenario('steps: [fly]')).to.throw(ScriptError, /unknown command 'fly'/);
    expect(() => parseScenario('steps: 1')).to.throw(ScriptError, /steps/);
    expect(() => parseScenario('a: [')).to.throw(ScriptError, /no YAML/);
    expect(() => parseScenario('steps: [{ sleep: 1, plugin: 2 }]')).to.throw(ScriptError, /one command/);
  });
});
