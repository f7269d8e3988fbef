// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

const decimal = z.string().regex(/^\s*\d+(\.\d+)?\s*$/, 'a decimal number was expected');

/** `GET /gw`. CT and CI are empty until they were set after power-up. */
export const gatewaySchema = z.object({
  CT: z.string(),
  CI: z.string().optional(),
  TM: z.string().optional(),
});

/** `GET /publickey`. */
export const publicKeySchema = z.object({ PK: z.string().optional(), SA: z.string().optional() });

const totalRegister = z.object({ RV: decimal, RI: z.string().optional(), RU: z.string().optional() });
const transactionRegister = z.object({ WV: decimal, WI: z.string().optional(), WU: z.string().optional() });

/** `GET /metervalue`. The registers stand at fixed positions: import, export, and both of the transaction. */
export const liveValuesSchema = z.object({
  /** Meter serial. */
  MS: z.string().min(1),
  /** Meter clock, `2024-12-15T22:42:28,000+0200 U`. */
  TM: z
    .string()
    .regex(
      /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2},\d{3}[+-]\d{4}( [A-Z])?$/,
      'a time of the meter was expected',
    ),
  /** A transaction is running. */
  XT: z.boolean(),
  RD: z.tuple([totalRegister, totalRegister, transactionRegister, transactionRegister]).rest(z.unknown()),
  /** Voltage, V. */
  U2: z.number(),
  /** Current, A. */
  I: z.number(),
  /** Power, W. */
  P: z.number(),
  /** Error words of 16, 32, 8 and 8 bits in hex. */
  XC: z.string(),
  ST: z.string().optional(),
  EF: z.string().optional(),
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
