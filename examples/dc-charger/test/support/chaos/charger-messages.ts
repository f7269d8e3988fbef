// SPDX-License-Identifier: Apache-2.0

/** What the test says to the process of the charger. */
export type Order =
  | { readonly kind: 'start'; readonly composition: unknown; readonly folder: string }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly moduleId: string;
      readonly implementation: string;
      readonly command: string;
      readonly args: object;
    }
  | { readonly kind: 'stop' };

/** What the process of the charger says. */
export type Report =
  | { readonly kind: 'started' }
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'module';
      readonly moduleId: string;
      readonly state: string;
      readonly reason: string | undefined;
      /** Process ids of all modules at that moment. */
      readonly pids: readonly (readonly [string, number])[];
    }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly message: string };
