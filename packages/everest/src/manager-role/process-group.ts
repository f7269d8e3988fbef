// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import type { Logger, ModuleEntry } from '@carabiner/core';
import { encodeModuleList } from '../bus/module-list.js';
import { inheritedEnvironment, moduleCommand, type SystemAddress } from './module-command.js';
import type { Placements } from './placement.js';
import { SpareProcesses } from './spare-processes.js';
import { spawnChild, SupervisedProcess } from './supervised-process.js';
import type { SystemLink } from './system-link.js';

/** Time modules have to follow a shutdown message. */
const GRACEFUL_MS = 5_000;

/** What happens to the processes of a group. */
export interface ProcessGroupEvents {
  /** A process ended by itself; `final` when it is not started again. */
  ended(moduleId: string, reason: string, final: boolean): void;
  restarted(moduleId: string): void;
}

/** The child processes of one host of a composition. */
export class ProcessGroup {
  readonly #processes = new Map<string, SupervisedProcess>();
  // The operating system lives in real time.
  readonly #spares: SpareProcesses;

  /** @param strict - no process is started again, since the end of one ends everything */
  constructor(
    private readonly link: SystemLink,
    private readonly placements: Placements,
    private readonly address: SystemAddress,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly events: ProcessGroupEvents,
    private readonly strict = false,
  ) {
    this.#spares = new SpareProcesses(systemClock, log, inheritedEnvironment(address));
  }

  /** Process ids by module id, of those that run. */
  get pids(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#processes].flatMap(([id, { pid }]) => (pid === undefined ? [] : [[id, pid] as const])),
    );
  }

  /** The modules' processes begin to load; which module each becomes is said by {@link ProcessGroup.start}. */
  launch(): void {
    this.#spares.launch(this.link.entriesOf('child').length);
  }

  start(): void {
    for (const entry of [...this.link.entriesOf('child'), ...this.link.entriesOf('guest')])
      this.#start(entry);
  }

  /** Process id of the spare; undefined while there is none. */
  get sparePid(): number | undefined {
    return this.#spares.pid;
  }

  /** All are ready: from now on a process waits to take the place of one that ends, where the composition wants that. */
  ready(): void {
    if (this.address.spare && !this.strict && this.link.entriesOf('child').length > 0) this.#spares.prepare();
  }

  /**
   * Ends all processes.
   *
   * @param asked - a shutdown message was sent, which they may follow
   * @param missed - the rest of the system goes on without them
   */
  async stop(asked: boolean, missed = false): Promise<void> {
    this.#spares.close();
    await Promise.all(
      [...this.#processes.values()].map(async (each) => {
        if (asked && (await each.waitForEnd(GRACEFUL_MS))) return;
        await each.stop();
      }),
    );
    for (const id of this.#processes.keys()) {
      this.link.publish(this.link.topics.lost(id), missed ? encodeModuleList([id]) : '', true);
      this.link.publish(this.link.topics.present(id), '', true);
    }
  }

  #start(entry: ModuleEntry): void {
    const placement = this.placements.of(entry);
    if (placement.kind !== 'child' && placement.kind !== 'guest') return;
    const { link, log } = this;
    const supervised = new SupervisedProcess(
      entry.id,
      () => moduleCommand(entry, placement, this.address, this.placements.declarationOf(entry)),
      this.strict ? { ...entry.restart, policy: 'never' } : entry.restart,
      this.clock,
      log,
      {
        ended: (reason, restartsInMs) => {
          log.error('the process of a module ended', {
            moduleId: entry.id,
            reason,
            ...(restartsInMs === undefined ? {} : { restartsInMs }),
          });
          // A process of ours that was killed is reported by the broker as well; others only from here.
          link.publish(link.topics.lost(entry.id), encodeModuleList([entry.id]), true);
          this.events.ended(entry.id, reason, restartsInMs === undefined);
        },
        restarted: () => {
          this.events.restarted(entry.id);
        },
      },
      (command) => this.#spares.take(command) ?? spawnChild(command),
    );
    this.#processes.set(entry.id, supervised);
    supervised.start();
  }
}
