// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { PowerDemand } from '@carabiner/fusioncharge';
import { GooseKey, GoosePublisher, MacAddress, type EthernetLink } from '@carabiner/goose';
import {
  encodePowerMessage,
  RegulationMode,
  RequirementType,
  type PowerMessage,
} from '@carabiner/goose/fusioncharge';
import { NO_POWER, type SetPoint } from './set-point.js';

const REQUIREMENTS = {
  ModulePlaceholder: RequirementType.ModulePlaceholder,
  InsulationDetectionOutput: RequirementType.InsulationDetectionOutput,
  InsulationDetectionStop: RequirementType.InsulationDetectionStop,
  Precharge: RequirementType.Precharge,
  Charging: RequirementType.Charging,
} as const;

/** Demands that carry a voltage and a current. */
const WITH_SET_POINT: ReadonlySet<PowerDemand> = new Set([
  'InsulationDetectionOutput',
  'Precharge',
  'Charging',
]);

/** Settings of a stream. */
export interface DemandStreamOptions {
  readonly link: Pick<EthernetLink, 'mac' | 'send'>;
  readonly clock: Clock;
  /** Sign frames. Nothing is sent then before there is a key. */
  readonly secure: boolean;
  /** Global connector number. */
  readonly globalNumber: number;
}

/** The GOOSE stream of one connector: its last demand is repeated until the next one. */
export class DemandStream {
  readonly #publisher: GoosePublisher;
  readonly #globalNumber: number;
  #destination = MacAddress.ZERO;
  #key: GooseKey | undefined;

  constructor(options: DemandStreamOptions) {
    this.#publisher = new GoosePublisher(options);
    this.#globalNumber = options.globalNumber;
  }

  /** Key of the frames to come, and of the replies that count. */
  get key(): GooseKey | undefined {
    return this.#key;
  }

  /**
   * Takes over a key as written by the power unit; a register of zeros holds none.
   *
   * @returns whether there is a key, and whether it differs from the one before
   */
  setKey(bytes: Buffer): { readonly present: boolean; readonly replaced: boolean } {
    if (bytes.every((byte) => byte === 0)) return { present: false, replaced: false };
    const key = new GooseKey(bytes);
    const replaced = this.#key !== undefined && !this.#key.equals(key);
    this.#key = key;
    this.#publisher.setKey(key);
    return { present: true, replaced };
  }

  /** Where frames go from the next demand on. */
  setDestination(destination: MacAddress): void {
    this.#destination = destination;
  }

  /**
   * Sends a demand as a new state before it returns.
   *
   * @param stopReason - used by a demand to stop
   */
  send(demand: PowerDemand, setPoint: SetPoint, stopReason: number): void {
    const message: PowerMessage =
      demand === 'Stop'
        ? { kind: 'stop', connector: this.#globalNumber, reason: stopReason }
        : {
            kind: 'request',
            connector: this.#globalNumber,
            requirement: REQUIREMENTS[demand],
            mode: RegulationMode.ConstantCurrent,
            ...(WITH_SET_POINT.has(demand) ? setPoint : NO_POWER),
          };
    this.#publisher.publish(this.#destination, encodePowerMessage(message));
  }

  /** No more frames. */
  close(): void {
    this.#publisher.stop();
  }
}
