// SPDX-License-Identifier: Apache-2.0
// In the place of modbus-serial's serial lines in the bundles: power units speak Modbus TCP.
export class SerialPort {
  constructor() {
    throw new Error('this program was built without serial lines');
  }
}
