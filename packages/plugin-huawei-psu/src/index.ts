// SPDX-License-Identifier: Apache-2.0
export { HuaweiPsu } from './huawei-psu.js';
export { HuaweiPsuConfigurationError } from './plugin/settings.js';
