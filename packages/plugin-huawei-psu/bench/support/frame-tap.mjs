// SPDX-License-Identifier: Apache-2.0
// Frames on an interface with the times at which the kernel took them in, however late this process reads them.
import koffi from 'koffi';
import { readFileSync } from 'node:fs';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const ETH_P_ALL_BE = 0x0300;
const SIOCGSTAMPNS = 0x8907;
const READ_EVERY_MS = 20;

const libc = koffi.load(null);
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, void *address, uint32_t length)');
const recv = libc.func('intptr_t recv(int fd, void *data, size_t length, int flags)');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, ...)');

/** Calls `take(bytes, atNs)` for every frame; times are those of `process.hrtime`. */
export function tapFrames(name, take) {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16LE(ETH_P_ALL_BE, 2);
  address.writeInt32LE(Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8')), 4);
  if (fd < 0 || bind(fd, address, address.length) !== 0) throw new Error(`cannot listen on ${name}`);
  const stamp = Buffer.alloc(16);
  ioctl(fd, SIOCGSTAMPNS, 'void *', stamp); // from the first question on the kernel notes the times
  const wallMs = performance.timeOrigin + performance.now();
  const offsetNs = process.hrtime.bigint() - BigInt(Math.round(wallMs * 1e6));
  const frame = Buffer.alloc(2048);
  setInterval(() => {
    for (
      let length = recv(fd, frame, frame.length, 0);
      length >= 0;
      length = recv(fd, frame, frame.length, 0)
    ) {
      ioctl(fd, SIOCGSTAMPNS, 'void *', stamp);
      const atNs = stamp.readBigInt64LE(0) * 1_000_000_000n + stamp.readBigInt64LE(8) + offsetNs;
      take(Buffer.from(frame.subarray(0, length)), atNs);
    }
  }, READ_EVERY_MS).unref();
}
