// SPDX-License-Identifier: Apache-2.0
export { EvseManager, MissingDeviceError } from './evse-manager.js';
