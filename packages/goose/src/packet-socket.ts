// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import koffi from 'koffi';
import { EthernetLinkError } from './errors.js';
import { ETHERTYPE_GOOSE } from './goose-frame.js';
import { MacAddress } from './mac-address.js';

// Numbers of the Linux ABI, equal on x86, ARM and RISC-V. Every machine koffi runs on is little-endian.
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 0x0003;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const O_NONBLOCK = 0x800;
const O_ASYNC = 0x2000;
const SIOCGIFFLAGS = 0x8913;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const ARPHRD_ETHER = 1;
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;
const SOCKADDR_LL_SIZE = 20;
const LARGEST_FRAME = 2048;

/**
 * Classic BPF: GOOSE behind no tag or one 802.1Q tag. Each row: code, jump if true, jump if false, operand.
 */
const FILTER: readonly (readonly [number, number, number, number])[] = [
  [0x28, 0, 0, 12], // load the ethertype
  [0x15, 3, 0, ETHERTYPE_GOOSE],
  [0x15, 0, 3, 0x8100],
  [0x28, 0, 0, 16], // load the ethertype behind the tag
  [0x15, 0, 1, ETHERTYPE_GOOSE],
  [0x06, 0, 0, LARGEST_FRAME],
  [0x06, 0, 0, 0],
];

type Call = (...args: unknown[]) => number;
const libc = koffi.load(null);
const socketCall = libc.func('int socket(int domain, int type, int protocol)') as Call;
const bindCall = libc.func('int bind(int fd, void *address, uint32_t length)') as Call;
const sendCall = libc.func('intptr_t send(int fd, void *data, size_t length, int flags)') as Call;
const recvCall = libc.func('intptr_t recv(int fd, void *data, size_t length, int flags)') as Call;
const closeCall = libc.func('int close(int fd)') as Call;
const ioctlCall = libc.func('int ioctl(int fd, unsigned long request, ...)') as Call;
const fcntlCall = libc.func('int fcntl(int fd, int command, ...)') as Call;
const setIntOption = libc.func(
  'int setsockopt(int fd, int level, int name, int *value, uint32_t length)',
) as Call;
const filterProgram = koffi.struct({ length: 'uint16_t', filter: 'void *' });
const setFilterOption = libc.func('setsockopt', 'int', [
  'int',
  'int',
  'int',
  koffi.pointer(filterProgram),
  'uint32_t',
]) as Call;

/** What the operating system knows of an interface. */
export interface InterfaceState {
  readonly index: number;
  readonly mac: MacAddress;
  /** Switched on and with a carrier. */
  readonly running: boolean;
}

/** What became of a frame handed to {@link PacketSocket.send}. */
export type SendOutcome =
  | { readonly sent: true }
  /** @param interfaceDown - true when sending cannot work until the interface is back */
  | { readonly sent: false; readonly interfaceDown: boolean; readonly reason: string };

/**
 * A packet socket that hears GOOSE frames only. Thin: one system call for each method.
 *
 * It listens to all protocols and filters itself: a socket for the GOOSE ethertype alone would be served after the
 * kernel has sorted frames by VLAN.
 */
export class PacketSocket {
  readonly #fd: number;
  readonly #receiveBuffer = Buffer.alloc(LARGEST_FRAME);

  /**
   * Opens the socket, bound to nothing yet.
   *
   * @param interfaceName - for messages
   * @throws EthernetLinkError when the process may not, or the kernel refuses
   */
  constructor(private readonly interfaceName: string) {
    this.#fd = socketCall(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) {
      const errno = koffi.errno();
      if (errno === constants.errno.EPERM || errno === constants.errno.EACCES)
        throw new EthernetLinkError(
          'LINK_NO_PERMISSION',
          `cannot open a packet socket on "${interfaceName}": the process lacks CAP_NET_RAW. Run it as root or with ` +
            'AmbientCapabilities=CAP_NET_RAW, or use the "udp" link, which needs no privilege',
        );
      throw this.#failed('socket', errno);
    }
    const rows = Buffer.alloc(FILTER.length * 8);
    FILTER.forEach(([code, jumpTrue, jumpFalse, operand], index) => {
      rows.writeUInt16LE(code, index * 8);
      rows.writeUInt8(jumpTrue, index * 8 + 2);
      rows.writeUInt8(jumpFalse, index * 8 + 3);
      rows.writeUInt32LE(operand, index * 8 + 4);
    });
    const program = { length: FILTER.length, filter: rows };
    if (setFilterOption(this.#fd, SOL_SOCKET, SO_ATTACH_FILTER, program, koffi.sizeof(filterProgram)) < 0) {
      const errno = koffi.errno();
      this.close();
      throw this.#failed('SO_ATTACH_FILTER', errno);
    }
    // Kernels before 4.20 do not know it; own frames are then recognised by their source.
    setIntOption(this.#fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, [1], 4);
  }

  /**
   * Looks the interface up.
   *
   * @returns undefined when there is none of that name
   * @throws EthernetLinkError when it is no Ethernet interface
   */
  interfaceState(): InterfaceState | undefined {
    const request = Buffer.alloc(IFREQ_SIZE);
    request.write(this.interfaceName, 0, IFNAMSIZ - 1, 'utf8');
    const ask = (code: number): Buffer | undefined =>
      ioctlCall(this.#fd, code, 'void *', request) < 0 ? undefined : request.subarray(IFNAMSIZ);
    const index = ask(SIOCGIFINDEX)?.readInt32LE(0);
    const flags = ask(SIOCGIFFLAGS)?.readUInt16LE(0);
    const hardware = ask(SIOCGIFHWADDR);
    if (index === undefined || flags === undefined || hardware === undefined) return undefined;
    const type = hardware.readUInt16LE(0);
    if (type !== ARPHRD_ETHER)
      throw new EthernetLinkError(
        'LINK_FAILED',
        `"${this.interfaceName}" is no Ethernet interface (hardware type ${type})`,
      );
    return {
      index,
      mac: MacAddress.from(hardware.subarray(2, 8)),
      running: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    };
  }

  /** Binds to an interface; again after it went and came back. Returns false when the kernel refuses. */
  bind(index: number): boolean {
    const address = Buffer.alloc(SOCKADDR_LL_SIZE);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(index, 4);
    return bindCall(this.#fd, address, address.length) === 0;
  }

  /** Has the kernel send `signal` to this process whenever something can be read. */
  signalOnArrival(signal: number): void {
    if (
      fcntlCall(this.#fd, F_SETOWN, 'int', process.pid) < 0 ||
      fcntlCall(this.#fd, F_SETSIG, 'int', signal) < 0 ||
      fcntlCall(this.#fd, F_SETFL, 'int', O_NONBLOCK | O_ASYNC) < 0
    )
      throw this.#failed('fcntl', koffi.errno());
  }

  /** Hands one frame to the kernel. */
  send(frame: Uint8Array): SendOutcome {
    if (sendCall(this.#fd, frame, frame.length, MSG_DONTWAIT) >= 0) return { sent: true };
    const errno = koffi.errno();
    const { ENETDOWN, ENXIO, ENODEV } = constants.errno;
    return {
      sent: false,
      interfaceDown: errno === ENETDOWN || errno === ENXIO || errno === ENODEV,
      reason: errnoText(errno),
    };
  }

  /** A waiting frame, copied; undefined when none waits. Errors the kernel reports (interface down) are passed over. */
  receive(): Buffer | undefined {
    for (;;) {
      const length = recvCall(this.#fd, this.#receiveBuffer, LARGEST_FRAME, MSG_DONTWAIT);
      if (length >= 0) return Buffer.from(this.#receiveBuffer.subarray(0, length));
      const errno = koffi.errno();
      if (errno !== constants.errno.ENETDOWN && errno !== constants.errno.EINTR) return undefined;
    }
  }

  close(): void {
    fcntlCall(this.#fd, F_SETFL, 'int', O_NONBLOCK);
    closeCall(this.#fd);
  }

  /** The error for a name that no interface has, with the names there are. */
  unknownInterface(): EthernetLinkError {
    return new EthernetLinkError(
      'LINK_UNKNOWN_INTERFACE',
      `there is no network interface "${this.interfaceName}"${presentInterfaces()}`,
    );
  }

  #failed(what: string, errno: number): EthernetLinkError {
    return new EthernetLinkError(
      'LINK_FAILED',
      `packet socket on "${this.interfaceName}": ${what}: ${errnoText(errno)}`,
    );
  }
}

function errnoText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.join(' ') ?? `errno ${errno}`;
}

function presentInterfaces(): string {
  try {
    return `; there are: ${readdirSync('/sys/class/net').sort().join(', ')}`;
  } catch {
    return '';
  }
}
