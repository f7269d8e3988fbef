// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import type { EnergyClient } from '@carabiner/interfaces/interfaces/energy';
import type { EnergyFlowRequest } from '@carabiner/interfaces/types/energy';
import {
  EnergySourceBase,
  EnergySourceTokens,
  type EnergySourceContext,
  type EnergySourceImplementations,
} from '../generated/EnergySource.js';

interface Consumer {
  readonly client: EnergyClient;
  request: EnergyFlowRequest | undefined;
}

/** Shares a grid connection evenly among the EVSEs that ask for energy. */
@injectable()
export class EnergySource extends EnergySourceBase {
  readonly #consumers: Consumer[] = [];
  #externalPowerW: number | undefined;
  #externalCurrentA: number | undefined;

  constructor(@inject(EnergySourceTokens.context) context: EnergySourceContext) {
    super(context);
  }

  override readonly implementations: EnergySourceImplementations = {
    external_limits: {
      set_external_limits: ({ value }) => {
        const root = value.schedule_import[0]?.limits_to_root;
        this.#externalPowerW = root?.total_power_W?.value;
        this.#externalCurrentA = root?.ac_max_current_A?.value;
        this.#grantAll();
      },
    },
  };

  override init(): void {
    for (const client of this.requires.energy_consumer) {
      const consumer: Consumer = { client, request: undefined };
      this.#consumers.push(consumer);
      client.subscribe.energy_flow_request((request) => {
        const asked = this.#asks(consumer);
        consumer.request = request;
        if (request.priority_request === true || this.#asks(consumer) !== asked) this.#grantAll();
      });
    }
  }

  override ready(): void {
    const { max_current_A, phases, nominal_voltage_V, update_interval_ms } = this.config;
    this.provides.external_limits.publish.capabilities({
      max_current_A,
      max_phase_count: phases,
      nominal_voltage_V,
      total_power_W: this.config.max_power_W,
    });
    this.log.debug('granting energy', { max_current_A, phases, nominal_voltage_V });
    const timer = this.clock.setInterval(() => this.#grantAll(), update_interval_ms);
    this.context.onUnload(() => timer.cancel());
  }

  /** An EVSE that is idle asks for nothing, or asks with a state in which no car takes energy. */
  #asks(consumer: Consumer): boolean {
    const state = consumer.request?.evse_state;
    return state !== undefined && state !== 'Disabled' && state !== 'Unplugged' && state !== 'Finished';
  }

  #grantAll(): void {
    const sharing = Math.max(1, this.#consumers.filter((consumer) => this.#asks(consumer)).length);
    const powerW =
      Math.min(this.config.max_power_W, this.#externalPowerW ?? Number.POSITIVE_INFINITY) / sharing;
    const currentA =
      Math.min(this.config.max_current_A, this.#externalCurrentA ?? Number.POSITIVE_INFINITY) / sharing;
    for (const { client, request } of this.#consumers) {
      if (request === undefined) continue;
      client.call
        .enforce_limits({
          value: {
            uuid: request.uuid,
            valid_for: this.config.validity_s,
            schedule: [],
            limits_root_side: {
              total_power_W: { value: powerW, source: this.info.id },
              ac_max_current_A: { value: currentA, source: this.info.id },
              ac_max_phase_count: { value: this.config.phases, source: this.info.id },
            },
          },
        })
        .catch((error: unknown) => {
          this.log.warn('grant was not taken', { consumer: client.connection.moduleId, error });
        });
    }
  }
}
