// SPDX-License-Identifier: Apache-2.0
import type { RaisedError } from '../contract/index.js';
import type { ModuleState } from './module-state.js';

/** States of a runtime, in their order. */
export type RuntimeState = 'created' | 'starting' | 'running' | 'stopping' | 'stopped';

/** What can be observed of a running system. */
export type RuntimeEvent =
  | {
      readonly kind: 'variable';
      readonly moduleId: string;
      readonly implementationId: string;
      readonly name: string;
      readonly value: unknown;
    }
  | { readonly kind: 'error'; readonly error: RaisedError }
  | {
      readonly kind: 'module';
      readonly moduleId: string;
      readonly state: ModuleState;
      readonly reason: string | undefined;
    }
  | { readonly kind: 'runtime'; readonly state: RuntimeState };
