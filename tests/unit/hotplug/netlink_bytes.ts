/** Netlink messages as a kernel writes them, for tests: rtnetlink(7). */

/** One attribute with its padding. */
export function attribute(type: number, value: Uint8Array): number[] {
  const padding = new Array((4 - value.length % 4) % 4).fill(0);
  return [...u16(value.length + 4), ...u16(type), ...value, ...padding];
}

/** One message with its padding. */
export function message(
  type: number,
  body: readonly number[],
  { flags = 0, seqNo = 0 }: { readonly flags?: number; readonly seqNo?: number } = {},
): number[] {
  const padding = new Array((4 - body.length % 4) % 4).fill(0);
  return [
    ...u32(16 + body.length),
    ...u16(type),
    ...u16(flags),
    ...u32(seqNo),
    ...u32(77),
    ...body,
    ...padding,
  ];
}

/** RTM_NEWLINK's body. */
export function linkBody(
  { index, name, flags = 0x1 | 0x40, kind = "" }: {
    readonly index: number;
    readonly name: string;
    readonly flags?: number;
    readonly kind?: string;
  },
): number[] {
  const info = kind === "" ? [] : attribute(18, new Uint8Array(attribute(1, text(kind))));
  const head = [0, 0, ...u16(1), ...u32(index), ...u32(flags), ...u32(0)];
  return [...head, ...attribute(3, text(name)), ...info];
}

/** RTM_NEWADDR's body. */
export function addressBody(
  { index, address, prefixBits, scope = 0, flags = 0 }: {
    readonly index: number;
    readonly address: readonly number[];
    readonly prefixBits: number;
    readonly scope?: number;
    readonly flags?: number;
  },
): number[] {
  const family = address.length === 4 ? 2 : 10;
  const head = [family, prefixBits, flags & 0xff, scope, ...u32(index)];
  return [...head, ...attribute(1, new Uint8Array(address))];
}

/** RTM_NEWROUTE's body. @param via gateway, IPv4; none: by the interface itself */
export function routeBody(
  { index, via = [], destinationBits = 0, metric = 0, table = 254, type = 1 }: {
    readonly index: number;
    readonly via?: readonly number[];
    readonly destinationBits?: number;
    readonly metric?: number;
    readonly table?: number;
    readonly type?: number;
  },
): number[] {
  const head = [2, destinationBits, 0, 0, table, 4, 0, type, ...u32(0)];
  const gateway = via.length === 0 ? [] : attribute(5, new Uint8Array(via));
  return [
    ...head,
    ...attribute(4, new Uint8Array(u32(index))),
    ...attribute(6, new Uint8Array(u32(metric))),
    ...gateway,
  ];
}

/** Little-endian. */
export function u16(value: number): number[] {
  return [value & 0xff, value >>> 8 & 0xff];
}

/** Little-endian. */
export function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)];
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}
