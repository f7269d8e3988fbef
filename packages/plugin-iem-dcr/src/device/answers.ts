// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

function isEmptyJson(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** What is empty in any way is an empty text, what is none is shown as JSON. */
const gatewayText = z
  .unknown()
  .transform((value) =>
    typeof value === 'string' ? value : isEmptyJson(value) ? '' : JSON.stringify(value),
  );

/**
 * `GET /gw`, any JSON. CT and CI are empty until they were set after power-up, and undefined when the meter does not tell
 * them.
 */
export const gatewaySchema = z
  .looseObject({})
  .catch({})
  .pipe(z.object({ CT: gatewayText.optional(), CI: gatewayText.optional() }));

/** `GET /publickey`. */
export const publicKeySchema = z.object({ PK: z.string().optional(), SA: z.string().optional() });

/** `GET /metervalue`; only what is needed whatever the configuration is must be there. */
export const liveValuesSchema = z.object({
  /** Meter serial; undefined when the meter has none. */
  MS: z.string().transform((serial) => (serial === '' ? undefined : serial)),
  /** Meter clock, `2024-12-15T22:42:28,000+0200 U`. It may be unreadable. */
  TM: z.string(),
  /** A transaction is running. */
  XT: z.boolean(),
  /** Registers at fixed positions: RV of import and export, then WV of both in the transaction; texts in kWh. */
  RD: z.array(z.looseObject({ RV: z.unknown().optional(), WV: z.unknown().optional() }).catch({})),
  /** Voltage, V. */
  U2: z.number(),
  /** Current, A. */
  I: z.number(),
  /** Power, W. */
  P: z.number(),
  /** Error words of 16, 32, 8 and 8 bits in hex. */
  XC: z.string(),
});

/** Answer to `GET /gw`. */
export type Gateway = z.output<typeof gatewaySchema>;
/** Answer to `GET /publickey`. */
export type PublicKeyAnswer = z.output<typeof publicKeySchema>;
/** Answer to `GET /metervalue`. */
export type LiveValues = z.output<typeof liveValuesSchema>;

/** Body of `POST /user`; the keys go out in this order. */
export interface UserData {
  readonly IS: boolean;
  readonly IL: string;
  readonly IF: readonly string[];
  readonly IT: string;
  readonly ID: string;
  readonly US: boolean;
  readonly TT?: string;
}

/** One line about the first thing that is wrong, with its path: `RD[0].RV: a decimal number was expected`. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = (issue?.path ?? []).reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
  return `${path === '' ? 'the whole answer' : path}: ${issue?.message ?? 'not as expected'}`;
}

/** Whether error words say that all is well: nothing but zeros. */
export function isErrorFree(XC: string): boolean {
  return XC.split(',').every((word) => /^\s*0x0+\s*$/i.test(word));
}
