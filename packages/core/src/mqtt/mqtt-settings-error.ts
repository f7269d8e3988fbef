// SPDX-License-Identifier: Apache-2.0
import { CarabinerError } from '../exceptions/index.js';

/** The settings of the external broker cannot be used. */
export class MqttSettingsError extends CarabinerError {
  readonly code = 'MQTT_SETTINGS';
}
