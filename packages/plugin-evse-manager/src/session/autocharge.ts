// SPDX-License-Identifier: Apache-2.0
import type { ProvidedIdToken } from '../interface-types.js';

/** Token of a vehicle that is known by its MAC address. */
export function newAutochargeToken(macAddress: string, connectorId: number): ProvidedIdToken {
  return {
    id_token: { value: `VID:${macAddress.replaceAll(':', '')}`, type: 'MacAddress' },
    authorization_type: 'Autocharge',
    connectors: [connectorId],
  };
}

/** First three bytes of MAC addresses by group. */
const MANUFACTURERS: Readonly<Record<string, 'VolkswagenGroup' | 'Tesla'>> = {
  '00:7D:FA': 'VolkswagenGroup',
  '98:ED:5C': 'Tesla',
};

/** Manufacturer by MAC address, as far as known. */
export function carManufacturer(macAddress: string): 'VolkswagenGroup' | 'Tesla' | 'Unknown' {
  return MANUFACTURERS[macAddress.toUpperCase().slice(0, 8)] ?? 'Unknown';
}
