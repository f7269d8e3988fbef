// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** A time as a controller sends it: no status letter. */
const time = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2},\d{3}[+-]\d{4}$/);

/** OCMF tables of user assignment. */
const LEVELS = [
  ...['NONE', 'HEARSAY', 'TRUSTED', 'VERIFIED', 'CERTIFIED', 'SECURE'],
  ...['MISMATCH', 'INVALID', 'OUTDATED', 'UNKNOWN'],
];
const FLAGS = [
  ...['RFID_NONE', 'RFID_PLAIN', 'RFID_RELATED', 'RFID_PSK'],
  ...['OCPP_NONE', 'OCPP_RS', 'OCPP_AUTH', 'OCPP_RS_TLS', 'OCPP_AUTH_TLS', 'OCPP_CACHE', 'OCPP_WHITELIST'],
  ...['OCPP_CERTIFIED', 'ISO15118_NONE', 'ISO15118_PNC', 'PLMN_NONE', 'PLMN_RING', 'PLMN_SMS'],
];
const TYPES = [
  ...['NONE', 'DENIED', 'UNDEFINED', 'ISO14443', 'ISO15693', 'EMAID', 'EVCCID', 'EVCOID', 'ISO7812'],
  ...['CARD_TXN_NR', 'CENTRAL', 'CENTRAL_1', 'CENTRAL_2', 'LOCAL', 'LOCAL_1', 'LOCAL_2', 'PHONE_NUMBER'],
  'KEY_CODE',
];

const userFields = { IS: z.boolean(), ID: z.string(), US: z.boolean(), TT: z.string().optional() };

/** Schemas of what the meter accepts. */
export const REQUEST_BODIES = {
  gateway: z.object({ CT: z.string().min(1), CI: z.string().min(1), TM: time }),
  tariff: z.object({ TT: z.string() }),
  datetime: z.object({ TM: time }),
  receipt: z.object({ TX: z.enum(['B', 'E']) }),
  user: z.object({ ...userFields, IL: z.string(), IF: z.array(z.string()).max(4), IT: z.string() }),
  strictUser: z.object({
    ...userFields,
    IL: z.enum(LEVELS),
    IF: z.array(z.enum(FLAGS)).max(4),
    IT: z.enum(TYPES),
  }),
} as const;

/** Parses a body by its schema; undefined when it is no JSON or does not conform. */
export function parseBody<T>(schema: z.ZodType<T>, body: string): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}
