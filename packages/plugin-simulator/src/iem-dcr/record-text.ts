// SPDX-License-Identifier: Apache-2.0
import { formatKwh, type RegisterState } from './energy-registers.js';
import type { SigningKey } from './signing-key.js';
import type { IemDcrSwitches } from './switches.js';

/** Body of `POST /user`. */
export interface UserData {
  readonly IS: boolean;
  readonly IL: string;
  readonly IF: readonly string[];
  readonly IT: string;
  readonly ID: string;
  readonly US: boolean;
  readonly TT?: string | undefined;
}

/** A moment of a transaction. */
export interface RecordReading {
  readonly TM: string;
  /** B, C, E or P. */
  readonly TX: string;
  readonly EF: string;
  readonly ST: string;
  readonly registers: RegisterState;
}

/** All that goes into a record. */
export interface RecordContent {
  readonly serial: string;
  readonly model: string;
  readonly softwareVersion: string;
  readonly CT: string;
  readonly CI: string;
  readonly user: UserData;
  readonly page: number;
  readonly tariffText: string;
  readonly readings: readonly RecordReading[];
}

const VENDOR = 'Isabellenhuette';

/** One reading, or two where the export register is shown; the second leaves out what it inherits. */
function readingFields(reading: RecordReading, exportReadings: boolean): object[] {
  const { TM, TX, EF, ST, registers } = reading;
  const unit = { RU: 'kWh', RT: 'DC' };
  const importReading = { TM, TX, EF, ST, RV: formatKwh(registers.import), RI: '1-b:1.8.e', ...unit };
  if (!exportReadings) return [importReading];
  return [importReading, { RV: formatKwh(registers.export), RI: '1-b:2.8.e', ...unit }];
}

/** The signed record: compact JSON, fields in the order of the meter. */
export function recordText(content: RecordContent, key: SigningKey, switches: IemDcrSwitches): string {
  const { user } = content;
  const payload = JSON.stringify({
    FV: '1.0',
    GI: `${VENDOR} ${content.model}`,
    GS: content.serial,
    GV: content.softwareVersion,
    MV: VENDOR,
    MM: content.model,
    MS: content.serial,
    ...(switches.meterFirmware === '' ? {} : { MF: switches.meterFirmware }),
    CT: content.CT,
    CI: content.CI,
    IS: user.IS,
    IL: user.IL,
    IF: user.IF,
    IT: user.IT,
    ID: user.ID,
    PG: `T${content.page}`,
    TT: content.tariffText,
    RD: content.readings.flatMap((reading) => readingFields(reading, switches.exportReadings)),
  });
  const SD = key.sign(Buffer.from(payload, 'utf8'), switches.signatureForm);
  return `OCMF|${payload}|${JSON.stringify({ SA: 'ECDSA-secp256r1-SHA256', SD })}`;
}
