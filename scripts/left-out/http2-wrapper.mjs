// SPDX-License-Identifier: Apache-2.0
// In the place of got's HTTP/2 in the bundles: the devices speak HTTP/1.1, and HTTP/2 takes 20 ms to load.
export default {
  auto: () => Promise.reject(new Error('this program was built without HTTP/2')),
};
