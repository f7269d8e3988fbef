// SPDX-License-Identifier: Apache-2.0
import type { ChargerState } from '../charger/view.js';
import type { DcOutputPorts } from '../dc/dc-output.js';
import { StoredTransaction } from '../session/stored-transaction.js';
import type { TransactionPorts } from '../session/transactions.js';
import type { Kernel } from './kernel.js';

/** States in which a transaction may begin: the session waits for it, also behind a step on the control pilot. */
const AWAITING: ReadonlySet<ChargerState> = new Set(['WaitingForAuthentication', 'StepEF', 'StepX1']);

/** A session in which the EV's requests count. */
function mayPrepare(kernel: Kernel): boolean {
  const { state } = kernel.charger;
  return !kernel.fatal && kernel.session.authorised && (state === 'PrepareCharging' || state === 'Charging');
}

/** What the DC output has around it. */
export function outputPorts(kernel: Kernel): DcOutputPorts {
  const { ports } = kernel;
  return {
    setMode: (mode, phase) => ports.send('powersupply_DC', 'setMode', { mode, phase }),
    setExport: (voltage, current) =>
      ports.send('powersupply_DC', 'setExportVoltageCurrent', { voltage, current }),
    setImport: (voltage, current) =>
      ports.send('powersupply_DC', 'setImportVoltageCurrent', { voltage, current }),
    log: (message, fields) => kernel.log.error(message, fields),
    mayPrepare: () => mayPrepare(kernel),
    mayDeliver: () => mayPrepare(kernel) && kernel.pilot.state.relaysClosed && kernel.pilot.state.permitted,
    discharging: () => kernel.dcSession.grants.discharging,
    unsigned: () => kernel.feedbackMode === 'sae',
    targetChanged: ({ voltage, current }) =>
      kernel.evInfo.update({ target_voltage: voltage, target_current: current }),
    run: (task) => kernel.handle(task),
  };
}

/** The open transaction's id in the store. */
export function storedTransaction({ moduleId, clock, ports, log }: Kernel): StoredTransaction {
  const key = `${moduleId}_session`;
  return new StoredTransaction({
    clock,
    load: async () => await ports.load(key),
    store: async (id) => await ports.store(key, id),
    log: (message, fields) => log.error(message, fields),
  });
}

/** What transactions have around them. */
export function transactionPorts(kernel: Kernel): TransactionPorts {
  const { config, ports, connected } = kernel;
  return {
    hasMeter: kernel.billingMeter !== undefined,
    hasStore: connected.store,
    evseId: config.evse_id,
    failOnMeterErrors: config.fail_on_powermeter_errors,
    start: async (request) => await ports.startTransaction(request),
    stop: async (id) => await ports.stopTransaction(id),
    keep: async (id) => await kernel.stored.keep(id),
    forget: () => void kernel.stored.forget(),
    // After the end of this process's work an open transaction is left to the recovery, which tells it once.
    resume: (task) =>
      kernel.handle(() => {
        if (kernel.running) task();
      }),
    stillWanted: () =>
      AWAITING.has(kernel.charger.state) &&
      kernel.session.authorised &&
      kernel.charger.memory.plugged &&
      !kernel.charger.memory.carLeft &&
      !kernel.charger.memory.disableRequested &&
      !kernel.fatal,
    startFailed: (message) =>
      kernel.errors.raise({ name: 'PowermeterTransactionStartFailed', severity: 'Medium', message }),
    log: (message, fields) => kernel.log.warn(message, fields),
  };
}
