// SPDX-License-Identifier: Apache-2.0
import { parse } from 'yaml';
import * as z from 'zod';

const status = z.number().int().min(100).max(599);

/**
 * What the public knowledge of the meter leaves open, each with the likelier answer as default.
 *
 * A driver that works with every setting works with the meter, whatever it does.
 */
export const switchesSchema = z
  .strictObject({
    /**
     * How r and s are written. `der` is what strict readers such as OpenSSL take; `der-fixed-width` is what the firmware
     * of 2025 does (32 bytes each, no sign byte); `raw-rs` that of 2023.
     */
    signatureForm: z.enum(['der', 'der-fixed-width', 'raw-rs']).default('der'),
    /** How the public key is given: SubjectPublicKeyInfo, point, or bare X and Y as in 2023; hex each. */
    keyForm: z.enum(['spki', 'point', 'raw-xy']).default('spki'),
    /** Letters of the hex texts; the meter's key has a lower-case header and an upper-case point. */
    hexCase: z.enum(['upper', 'lower', 'as-the-meter']).default('as-the-meter'),
    /** Where the last record is: some firmware has moved it to v2. */
    transactionPath: z.enum(['v1', 'v2', 'both']).default('v1'),
    /** Body of a record: plain, or wrapped in brace and quote. */
    receiptForm: z.enum(['plain', 'wrapped']).default('plain'),
    /** How long `GET /receipt` gives the record: until the next begin, or until it was read once. */
    receiptFresh: z.enum(['until-begin', 'until-read']).default('until-begin'),
    /** Readings of the export register in the record, inheriting what they leave out. */
    exportReadings: z.boolean().default(false),
    /** Intermediate `C` readings in the record, one every so many seconds; 0 is none. */
    intermediateReadingsS: z.number().min(0).default(0),
    /** MF field in the record, as the firmware of 2023 writes it; empty for none. */
    meterFirmware: z.string().default(''),
    /** `WV` registers keep the values of the last transaction until the next begin; else they read zero after the end. */
    transactionRegistersKept: z.boolean().default(true),
    /** `WV` registers count from zero with each transaction; else they are the total registers. */
    transactionRegistersRestart: z.boolean().default(true),
    /** Current above which begin and end are refused, A. */
    activationThresholdA: z.number().min(0).default(0.5),
    /** A second `POST /gw` since power-up is refused. */
    gatewayOnce: z.boolean().default(true),
    /** `POST /user` is refused before `POST /gw`. */
    userNeedsGateway: z.boolean().default(true),
    /** Begin is refused without a `POST /user` since the last one. */
    beginNeedsUser: z.boolean().default(true),
    /** Begin is refused while error words are set. */
    beginRefusedInError: z.boolean().default(false),
    /** `POST /tariff`, `POST /datetime` and `POST /user` are refused during a transaction. */
    tariffDuringTransaction: z.enum(['refused', 'accepted']).default('refused'),
    datetimeDuringTransaction: z.enum(['refused', 'accepted']).default('refused'),
    userDuringTransaction: z.enum(['refused', 'accepted']).default('refused'),
    /** Longest tariff text; a longer one is refused. */
    tariffMaxLength: z.number().int().min(0).default(250),
    /** Only values of the OCMF tables are accepted in `POST /user`. */
    strictUser: z.boolean().default(true),
    /** Status letter after the clock was set. */
    clockStatusAfterSet: z.enum(['I', 'S']).default('I'),
    /** `EF` is `t` while the clock is not trusted. */
    timeErrorFlag: z.boolean().default(true),
    /** The clock goes on over a power cycle (battery); else it starts at 1970. */
    clockSurvivesPowerCycle: z.boolean().default(true),
    /** The tariff text survives a power cycle. */
    tariffSurvivesPowerCycle: z.boolean().default(false),
    /** The last record survives a power cycle. */
    recordSurvivesPowerCycle: z.boolean().default(true),
    /** The meter itself writes +0200 where +0100 is sent in summer. */
    correctsSummerTime: z.boolean().default(false),
    /** What a power failure does to a running transaction: closes it with TX `P` or `E`, leaves it running, or loses it. */
    transactionOnPowerFailure: z.enum(['P', 'E', 'running', 'lost']).default('P'),
    /** Time from the end of a transaction until its record can be fetched, ms. */
    signingMs: z.number().min(0).default(200),
    /** Status codes of refusals. */
    refusals: z
      .strictObject({
        gateway: status.default(428),
        tariff: status.default(428),
        datetime: status.default(428),
        user: status.default(428),
        receiptPost: status.default(428),
        receiptRunning: status.default(403),
        receiptNone: status.default(404),
        transactionRunning: status.default(428),
        transactionNone: status.default(404),
        badBody: status.default(400),
      })
      .prefault({}),
  })
  .readonly();

/** Switches of the simulated meter; see {@link switchesSchema}. */
export type IemDcrSwitches = z.output<typeof switchesSchema>;

/** Every switch at its default. */
export const DEFAULT_SWITCHES: IemDcrSwitches = switchesSchema.parse({});

/**
 * Switches from YAML or JSON text; the defaults when it is empty.
 *
 * @param overrides - switches that count more than those of the text
 * @throws Error that names the offending path
 */
export function readSwitches(
  text: string,
  overrides: Readonly<Record<string, unknown>> = {},
): IemDcrSwitches {
  const value = text.trim() === '' ? {} : (parse(text) as object | null);
  const result = switchesSchema.safeParse({ ...value, ...overrides });
  if (!result.success) throw new Error(`the switches are not valid: ${z.prettifyError(result.error)}`);
  return result.data;
}
