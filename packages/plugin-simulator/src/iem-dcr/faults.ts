// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** Every kind of fault the gateway can be told to show. */
export const FAULT_KINDS = [
  /** Answers after `ms`. */
  'latency',
  /** Accepts the request and never answers. */
  'stall',
  /** Resets the connection. */
  'reset',
  /** Answers with `status` and `body`. */
  'status',
  /** Cuts the body short and adds a comma; with `body`, answers 200 with that. */
  'malformed-json',
  /** Announces the whole body, sends half of it and closes. */
  'truncated-body',
  /** Announces fewer bytes than the body has. */
  'wrong-content-length',
] as const;

/** See {@link FAULT_KINDS}. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault and the requests it meets. */
export const faultSchema = z
  .strictObject({
    kind: z.enum(FAULT_KINDS),
    /** Only requests of this method. */
    method: z.enum(['GET', 'POST']).optional(),
    /** Only paths that end so, such as `/metervalue`. */
    path: z.string().optional(),
    /** How many requests it meets before it is used up; default 1, 0 is for ever. */
    times: z.number().int().min(0).default(1),
    /** Requests it lets pass first. */
    after: z.number().int().min(0).default(0),
    /**
     * Whether the meter acts on the request before `stall`, `reset` or `status` shows: then it is an answer that got lost.
     * The other kinds come with an answer 200, hence from a meter that has acted.
     */
    acts: z.boolean().default(false),
    /** Delay of `latency`, ms. */
    ms: z.number().min(0).default(1000),
    /** Status of `status`. */
    status: z.number().int().min(100).max(599).default(500),
    /** Body of `status` and `malformed-json`. */
    body: z.string().optional(),
  })
  .readonly();

/** A fault to inject; see {@link faultSchema}. */
export type Fault = z.input<typeof faultSchema>;

/** A fault that is set up. */
export type ActiveFault = z.output<typeof faultSchema>;

interface Entry {
  readonly fault: ActiveFault;
  passed: number;
  left: number;
}

/** Faults that are set up, in order; the first that meets a request is shown. */
export class FaultPlan {
  #entries: Entry[] = [];

  /** Sets up a fault. @throws ZodError when it is none */
  add(fault: Fault): void {
    const parsed = faultSchema.parse(fault);
    this.#entries.push({
      fault: parsed,
      passed: 0,
      left: parsed.times === 0 ? Number.POSITIVE_INFINITY : parsed.times,
    });
  }

  /** Takes all faults away. */
  clear(): void {
    this.#entries = [];
  }

  /** Number of faults that have not been used up. */
  get pending(): number {
    return this.#entries.length;
  }

  /** The fault this request meets. */
  take(method: string, path: string): ActiveFault | undefined {
    for (const entry of this.#entries) {
      const { fault } = entry;
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && !path.endsWith(fault.path)) continue;
      if (entry.passed++ < fault.after) continue;
      entry.left--;
      if (entry.left === 0) this.#entries = this.#entries.filter((other) => other !== entry);
      return fault;
    }
    return undefined;
  }
}
