// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { EnergyRegisters, type RegisterState } from './energy-registers.js';
import { liveValues } from './live-values.js';
import { json, ok, refused, type MeterAnswer } from './meter-answer.js';
import { correctSummerTime, MeterClock } from './meter-clock.js';
import { recordText, type RecordReading, type UserData } from './record-text.js';
import { parseBody, REQUEST_BODIES } from './request-bodies.js';
import { SigningKey } from './signing-key.js';
import { DEFAULT_SWITCHES, type IemDcrSwitches } from './switches.js';

/** Error words of a meter without error. */
export const NO_ERROR_WORDS = '0x0000, 0x00000000, 0x00, 0x00';

const MODEL = 'IEM-DCR-125-1000-32-00-006-B_000';
const SOFTWARE_VERSION = 'DU-02.00.12_SU-02.00.08';

/** What a meter is made of. */
export interface IemDcrMeterOptions {
  /** Meter serial; default `1ISA0200000001`. */
  readonly serial?: string;
  readonly model?: string;
  readonly softwareVersion?: string;
  /** Signing key; default a new one. */
  readonly key?: SigningKey;
  readonly switches?: IemDcrSwitches;
  /** Total registers at the start, Wh; default 446 540 and 4 881. */
  readonly registers?: RegisterState;
  /** Number of the first record; default 0. */
  readonly firstPage?: number;
}

interface Transaction {
  /** As they were at the begin. */
  readonly CT: string;
  readonly CI: string;
  readonly user: UserData;
  readonly tariffText: string;
  readonly begin: RegisterState;
  readonly readings: RecordReading[];
  lastReadingMs: number;
}

interface StoredRecord {
  readonly text: string;
  readonly readyAtMs: number;
}

function subtract(a: RegisterState, b: RegisterState): RegisterState {
  return { import: a.import - b.import, export: a.export - b.export };
}

/** The meter without its network: state, registers, clock, transactions, signing. */
export class IemDcrMeter {
  readonly serial: string;
  readonly key: SigningKey;
  /** Switches; may be replaced while the meter runs. */
  switches: IemDcrSwitches;
  /** Error words as `GET /metervalue` shows them; {@link NO_ERROR_WORDS} when all is well. */
  errorWords = NO_ERROR_WORDS;
  /** OCMF meter state of live values and readings, `G` is good. */
  state = 'G';
  /** Whether readings carry EF `E`: energy not usable. */
  energyUnusable = false;

  readonly #clock: Clock;
  readonly #time: MeterClock;
  readonly #registers: EnergyRegisters;
  readonly #model: string;
  readonly #softwareVersion: string;
  #voltageV = 0;
  #currentA = 0;
  #integratedMs: number;
  #powered = true;
  #CT = '';
  #CI = '';
  #gatewaySet = false;
  #tariffText = '';
  #user: UserData | undefined;
  #transaction: Transaction | undefined;
  #page: number;
  #record: StoredRecord | undefined;
  #recordFresh = false;
  #kept: RegisterState = { import: 0n, export: 0n };

  constructor(clock: Clock, options: IemDcrMeterOptions = {}) {
    this.#clock = clock;
    this.#time = new MeterClock(clock);
    this.#integratedMs = clock.monotonic();
    this.serial = options.serial ?? '1ISA0200000001';
    this.#model = options.model ?? MODEL;
    this.#softwareVersion = options.softwareVersion ?? SOFTWARE_VERSION;
    this.key = options.key ?? SigningKey.generate();
    this.switches = options.switches ?? DEFAULT_SWITCHES;
    this.#registers = new EnergyRegisters(options.registers ?? { import: 446_540n, export: 4_881n });
    this.#page = options.firstPage ?? 0;
  }

  /** Whether a transaction runs. */
  get running(): boolean {
    return this.#transaction !== undefined;
  }

  /** Number the next record will get. */
  get nextPage(): number {
    return this.#page;
  }

  /** The last signed record, whether or not it may be fetched just now. */
  get lastRecord(): string | undefined {
    return this.#record?.text;
  }

  /** Total registers, Wh. */
  get registers(): RegisterState {
    this.#integrate();
    return this.#registers.state;
  }

  /** Public key as `GET /publickey` gives it. */
  get publicKeyHex(): string {
    return this.key.publicKeyHex(this.switches.keyForm, this.switches.hexCase);
  }

  /**
   * Sets what flows through the meter from now on.
   *
   * @param voltageV - volts
   * @param currentA - amperes, positive towards the vehicle
   */
  setOutput(voltageV: number, currentA: number): void {
    this.#integrate();
    this.#voltageV = voltageV;
    this.#currentA = currentA;
  }

  /** Marks the meter's time as not to be trusted. */
  distrustTime(): void {
    this.#time.distrust();
  }

  /** Power off: what a power failure does to a running transaction, by the switches. Nothing is counted any more. */
  powerOff(): void {
    this.#integrate();
    const { transactionOnPowerFailure } = this.switches;
    if (this.#transaction !== undefined && transactionOnPowerFailure !== 'running') {
      if (transactionOnPowerFailure === 'lost') this.#transaction = undefined;
      else this.#end(this.#transaction, transactionOnPowerFailure);
    }
    this.#powered = false;
  }

  /** Power on: CT, CI and the trust in the clock are lost, and what the switches say. */
  powerOn(): void {
    this.#integrate();
    this.#powered = true;
    this.#gatewaySet = false;
    this.#CT = '';
    this.#CI = '';
    this.#user = undefined;
    if (!this.switches.tariffSurvivesPowerCycle) this.#tariffText = '';
    if (!this.switches.recordSurvivesPowerCycle) this.#record = undefined;
    if (this.switches.clockSurvivesPowerCycle) this.#time.distrust();
    else this.#time.reset();
  }

  /** Power off and on again. */
  powerCycle(): void {
    this.powerOff();
    this.powerOn();
  }

  /** Answers one request of the REST gateway. */
  handle(method: string, path: string, body: string): MeterAnswer {
    this.#integrate();
    this.#readIntermediate();
    switch (`${method} ${path}`) {
      case 'GET /counter/v1/ocmf/gw':
        return json({ CT: this.#CT, CI: this.#CI, TM: this.#time.text });
      case 'POST /counter/v1/ocmf/gw':
        return this.#setGateway(body);
      case 'POST /counter/v1/ocmf/tariff':
        return this.#setTariff(body);
      case 'GET /counter/v1/ocmf/metervalue':
        return json(this.#liveValues());
      case 'GET /counter/v1/ocmf/publickey':
        return json({ SA: 'ECDSA-secp256r1-SHA256', PK: this.publicKeyHex });
      case 'GET /counter/v1/ocmf/datetime':
        return json({ TM: this.#time.text });
      case 'POST /counter/v1/ocmf/datetime':
        return this.#setTime(body);
      case 'POST /counter/v1/ocmf/user':
        return this.#setUser(body);
      case 'POST /counter/v1/ocmf/receipt':
        return this.#beginOrEnd(body);
      case 'GET /counter/v1/ocmf/receipt':
        return this.#receipt();
      case 'GET /counter/v1/ocmf/transaction':
        return this.switches.transactionPath === 'v2' ? refused(404) : this.#lastTransaction();
      case 'GET /counter/v2/ocmf/transaction':
        return this.switches.transactionPath === 'v1' ? refused(404) : this.#lastTransaction();
      default:
        return refused(404);
    }
  }

  #setGateway(body: string): MeterAnswer {
    const { refusals, gatewayOnce } = this.switches;
    const gateway = parseBody(REQUEST_BODIES.gateway, body);
    if (gateway === undefined) return refused(refusals.badBody);
    if (this.running || (gatewayOnce && this.#gatewaySet)) return refused(refusals.gateway);
    if (!this.#setClock(gateway.TM)) return refused(refusals.badBody);
    this.#CT = gateway.CT;
    this.#CI = gateway.CI;
    this.#gatewaySet = true;
    return ok;
  }

  #setTariff(body: string): MeterAnswer {
    const { refusals, tariffMaxLength, tariffDuringTransaction } = this.switches;
    const tariff = parseBody(REQUEST_BODIES.tariff, body);
    if (tariff === undefined || tariff.TT.length > tariffMaxLength) return refused(refusals.badBody);
    if (this.running && tariffDuringTransaction === 'refused') return refused(refusals.tariff);
    this.#tariffText = tariff.TT;
    return ok;
  }

  #setTime(body: string): MeterAnswer {
    const { refusals, datetimeDuringTransaction } = this.switches;
    const datetime = parseBody(REQUEST_BODIES.datetime, body);
    if (datetime === undefined) return refused(refusals.badBody);
    if (this.running && datetimeDuringTransaction === 'refused') return refused(refusals.datetime);
    return this.#setClock(datetime.TM) ? ok : refused(refusals.badBody);
  }

  #setClock(TM: string): boolean {
    const { clockStatusAfterSet, correctsSummerTime } = this.switches;
    return this.#time.set(correctsSummerTime ? correctSummerTime(TM) : TM, clockStatusAfterSet);
  }

  #setUser(body: string): MeterAnswer {
    const { refusals, strictUser, userNeedsGateway, userDuringTransaction, tariffMaxLength } = this.switches;
    const user = strictUser
      ? parseBody<UserData>(REQUEST_BODIES.strictUser, body)
      : parseBody<UserData>(REQUEST_BODIES.user, body);
    if (user === undefined || (user.TT?.length ?? 0) > tariffMaxLength) return refused(refusals.badBody);
    if ((userNeedsGateway && !this.#gatewaySet) || (this.running && userDuringTransaction === 'refused'))
      return refused(refusals.user);
    this.#user = user;
    return ok;
  }

  #beginOrEnd(body: string): MeterAnswer {
    const { refusals, activationThresholdA } = this.switches;
    const request = parseBody(REQUEST_BODIES.receipt, body);
    if (request === undefined) return refused(refusals.badBody);
    if (Math.abs(this.#currentA) > activationThresholdA) return refused(refusals.receiptPost);
    if (request.TX === 'B') return this.#begin();
    if (this.#transaction === undefined) return refused(refusals.receiptPost);
    this.#end(this.#transaction, 'E');
    return ok;
  }

  #begin(): MeterAnswer {
    const { refusals, beginNeedsUser, beginRefusedInError } = this.switches;
    const inError = beginRefusedInError && this.errorWords !== NO_ERROR_WORDS;
    const user = this.#user ?? { IS: false, IL: 'NONE', IF: [], IT: 'NONE', ID: '', US: false };
    if (this.running || inError || (beginNeedsUser && this.#user === undefined))
      return refused(refusals.receiptPost);
    this.#user = undefined;
    this.#recordFresh = false;
    this.#transaction = {
      CT: this.#CT,
      CI: this.#CI,
      user,
      tariffText: user.TT ?? this.#tariffText,
      begin: this.#registers.state,
      readings: [this.#reading('B')],
      lastReadingMs: this.#clock.monotonic(),
    };
    return ok;
  }

  #end(transaction: Transaction, TX: 'E' | 'P'): void {
    const content = {
      serial: this.serial,
      model: this.#model,
      softwareVersion: this.#softwareVersion,
      CT: transaction.CT,
      CI: transaction.CI,
      user: transaction.user,
      page: this.#page,
      tariffText: transaction.tariffText,
      readings: [...transaction.readings, this.#reading(TX)],
    };
    this.#record = {
      text: recordText(content, this.key, this.switches),
      readyAtMs: this.#clock.monotonic() + this.switches.signingMs,
    };
    this.#recordFresh = true;
    this.#page++;
    this.#kept = subtract(this.#registers.state, transaction.begin);
    this.#transaction = undefined;
  }

  #receipt(): MeterAnswer {
    const { refusals, receiptFresh } = this.switches;
    if (this.running) return refused(refusals.receiptRunning);
    const text = this.#readyRecord();
    if (!this.#recordFresh || text === undefined) return refused(refusals.receiptNone);
    if (receiptFresh === 'until-read') this.#recordFresh = false;
    return this.#recordAnswer(text);
  }

  #lastTransaction(): MeterAnswer {
    const { refusals } = this.switches;
    if (this.running) return refused(refusals.transactionRunning);
    const text = this.#readyRecord();
    return text === undefined ? refused(refusals.transactionNone) : this.#recordAnswer(text);
  }

  #readyRecord(): string | undefined {
    return this.#record !== undefined && this.#clock.monotonic() >= this.#record.readyAtMs
      ? this.#record.text
      : undefined;
  }

  #recordAnswer(text: string): MeterAnswer {
    const body = this.switches.receiptForm === 'wrapped' ? `{"${text}"}` : text;
    return { status: 200, body, contentType: 'text/plain' };
  }

  #liveValues(): object {
    const total = this.#registers.state;
    const { transactionRegistersKept, transactionRegistersRestart } = this.switches;
    const counted =
      this.#transaction === undefined
        ? transactionRegistersKept
          ? this.#kept
          : { import: 0n, export: 0n }
        : subtract(total, this.#transaction.begin);
    return liveValues({
      serial: this.serial,
      TM: this.#time.text,
      EF: this.#errorFlags(),
      ST: this.state,
      running: this.running,
      total,
      transaction: transactionRegistersRestart ? counted : total,
      voltageV: this.#voltageV,
      currentA: this.#currentA,
      errorWords: this.errorWords,
    });
  }

  #errorFlags(): string {
    const time = this.switches.timeErrorFlag && !this.#time.trusted ? 't' : '';
    return `${this.energyUnusable ? 'E' : ''}${time}`;
  }

  #reading(TX: string): RecordReading {
    return {
      TM: this.#time.text,
      TX,
      EF: this.#errorFlags(),
      ST: this.state,
      registers: this.#registers.state,
    };
  }

  #readIntermediate(): void {
    const { intermediateReadingsS } = this.switches;
    const transaction = this.#transaction;
    if (intermediateReadingsS === 0 || transaction === undefined) return;
    if (this.#clock.monotonic() - transaction.lastReadingMs < intermediateReadingsS * 1000) return;
    transaction.lastReadingMs = this.#clock.monotonic();
    transaction.readings.push(this.#reading('C'));
  }

  #integrate(): void {
    const now = this.#clock.monotonic();
    if (this.#powered) this.#registers.integrate(this.#voltageV * this.#currentA, now - this.#integratedMs);
    this.#integratedMs = now;
  }
}
