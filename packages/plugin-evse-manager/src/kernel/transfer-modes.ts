// SPDX-License-Identifier: Apache-2.0
import type { EnergyTransferMode } from '../interface-types.js';
import type { Kernel } from './kernel.js';

const AC_BY_PHASES: readonly EnergyTransferMode[] = [
  'AC_single_phase_core',
  'AC_two_phase',
  'AC_three_phase_core',
];

/** Energy transfer modes that this EVSE can offer now; none for AC without high level communication. */
export function transferModes(kernel: Kernel): EnergyTransferMode[] {
  if (kernel.dc) return dcModes(kernel);
  return kernel.hlc.present ? acModes(kernel) : [];
}

function dcModes(kernel: Kernel): EnergyTransferMode[] {
  const mcs = kernel.config.connector_type === 'cMCS';
  const modes: EnergyTransferMode[] = [mcs ? 'MCS' : 'DC_extended'];
  if (kernel.output.reported.bidirectional) modes.push(mcs ? 'MCS_BPT' : 'DC_BPT');
  return modes;
}

function acModes(kernel: Kernel): EnergyTransferMode[] {
  const { hardware } = kernel.energy;
  const clamp = (phases: number): number => Math.min(3, Math.max(1, phases));
  const least = clamp(hardware?.min_phase_count_import ?? 1);
  const most = Math.max(least, clamp(hardware?.max_phase_count_import ?? 1));
  const modes = AC_BY_PHASES.slice(least - 1, most);
  const exports = (hardware?.max_current_A_export ?? 0) > 0 && (hardware?.max_phase_count_export ?? 0) >= 1;
  if (exports && kernel.config.supported_iso_ac_bpt) modes.push('AC_BPT');
  if (exports && kernel.derAvailable) modes.push('AC_DER_IEC');
  return modes;
}
