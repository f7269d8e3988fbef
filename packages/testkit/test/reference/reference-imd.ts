// SPDX-License-Identifier: Apache-2.0
import { Module } from '@carabiner/core';
import type { Timer } from '@carabiner/clock';
import {
  IsolationMonitorInterface,
  type IsolationMonitorProvided,
  type IsolationMonitorProvider,
} from '@carabiner/interfaces/interfaces/isolation_monitor';
import { createHarness, type ContractFactory } from '@carabiner/testkit';
import { descriptorOf } from './one-interface-descriptor.js';

export type ImdDefect =
  | 'measures once'
  | 'negative resistance'
  | 'never stops'
  | 'measures twice as often'
  | 'refuses a second stop'
  | 'waits for the self test'
  | 'no self test result'
  | 'two self test results'
  | 'self test always passes'
  | 'low resistance is an error'
  | 'fault unnoticed'
  | 'fault for ever';

const COMMS = 'isolation_monitor/CommunicationFault';

function imdClass(
  device: { connected: boolean; resistance_Ohm: number; passes: boolean },
  defect: ImdDefect | undefined,
) {
  return class ReferenceImd extends Module<
    object,
    object,
    { readonly main: IsolationMonitorProvided },
    object,
    { readonly main: IsolationMonitorProvider }
  > {
    static readonly descriptor = descriptorOf('ReferenceImd', IsolationMonitorInterface);
    #timer: Timer | undefined;

    override readonly implementations = {
      main: {
        start: () => {
          if (defect !== 'measures twice as often') this.#timer?.cancel();
          if (defect === 'measures once') this.clock.setTimeout(() => this.#measure(), 500);
          else this.#timer = this.clock.setInterval(() => this.#measure(), 1_000);
        },
        stop: () => {
          if (this.#timer === undefined && defect === 'refuses a second stop') throw new Error('not started');
          if (defect !== 'never stops') this.#timer?.cancel();
          this.#timer = undefined;
        },
        start_self_test: async () => {
          const times = defect === 'two self test results' ? 2 : defect === 'no self test result' ? 0 : 1;
          this.clock.setTimeout(() => {
            for (let count = 0; count < times; count++)
              this.provides.main.publish.self_test_result(
                device.passes || defect === 'self test always passes',
              );
          }, 8_000);
          if (defect === 'waits for the self test') await this.clock.sleep(8_000);
        },
      },
    };

    #measure(): void {
      const { publish, errors } = this.provides.main;
      if (!device.connected) {
        if (defect !== 'fault unnoticed') errors.raise({ type: COMMS, message: 'no answer' });
        return;
      }
      if (defect !== 'fault for ever') errors.clear(COMMS);
      if (defect === 'low resistance is an error' && device.resistance_Ohm < 50_000)
        errors.raise({ type: 'isolation_monitor/DeviceFault', message: 'isolation fault' });
      publish.isolation_measurement({
        resistance_F_Ohm: defect === 'negative resistance' ? -1 : device.resistance_Ohm,
      });
    }
  };
}

export function referenceImd(defect?: ImdDefect): ContractFactory<'isolation_monitor'> {
  return async () => {
    const device = { connected: true, resistance_Ohm: 900_000, passes: true };
    const harness = await createHarness(imdClass(device, defect));
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => await harness.shutdown(),
      device: {
        setResistance: (resistance_Ohm) => void (device.resistance_Ohm = resistance_Ohm),
        failSelfTest: () => void (device.passes = false),
        loseCommunication: () => void (device.connected = false),
        restoreCommunication: () => void (device.connected = true),
      },
    };
  };
}
