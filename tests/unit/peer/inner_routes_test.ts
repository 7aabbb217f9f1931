import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIp } from "../../../src/ip_literal.ts";
import type { InnerAddress } from "../../../src/peer/handshake_payload.ts";
import { InnerRoutes } from "../../../src/peer/inner_routes.ts";
import { Packet } from "../../../src/wire/packet.ts";

const V4 = "10.10.10.1";
const V6 = "fd12:3456:789a:1::1";
const MASTER: readonly InnerAddress[] = [
  { address: V4, prefixBits: 24 },
  { address: V6, prefixBits: 64 },
];

function addressesOf(...texts: string[]): InnerAddress[] {
  return texts.map((address) => ({ address, prefixBits: address.includes(":") ? 64 : 24 }));
}

/** An IP packet with these addresses, of 4 or 16 bytes. */
function ipPacket(source: Uint8Array, destination: Uint8Array): Packet {
  const packet = new Packet(100);
  const header = new Uint8Array(source.length === 4 ? 20 : 40);
  header[0] = source.length === 4 ? 0x45 : 0x60;
  header.set(source, source.length === 4 ? 12 : 8);
  header.set(destination, source.length === 4 ? 16 : 24);
  packet.fill(header);
  return packet;
}

function ipv4(text: string): Uint8Array {
  return Uint8Array.from(text.split("."), Number);
}

/** All groups written out. */
function ipv6(text: string): Uint8Array {
  return Uint8Array.from(
    text.split(":").flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]),
  );
}

Deno.test("InnerRoutes finds a slave by its IPv4 and by its IPv6 address, in either direction", () => {
  const routes = new InnerRoutes<string>(MASTER);
  routes.add("a", addressesOf("10.10.10.2", "fd12:3456:789a:1::2"));
  routes.add("b", addressesOf("10.10.10.254", "fd12:3456:789a:1::fe"));
  const four = ipPacket(ipv4("10.10.10.2"), ipv4("10.10.10.254"));
  const six = ipPacket(ipv6("fd12:3456:789a:1:0:0:0:2"), ipv6("fd12:3456:789a:1:0:0:0:fe"));
  for (const packet of [four, six]) {
    assert.equal(routes.findBySource(packet), "a");
    assert.equal(routes.findByDestination(packet), "b");
  }
});

Deno.test("InnerRoutes leaves the packet as it was", () => {
  const routes = new InnerRoutes<string>(MASTER);
  const packet = ipPacket(ipv4("10.10.10.2"), ipv4("10.10.10.3"));
  const before = [...packet.toBytes()];
  routes.findByDestination(packet);
  assert.deepEqual([...packet.toBytes()], before);
});

Deno.test("InnerRoutes finds nobody at the master's own address", () => {
  const routes = new InnerRoutes<string>(MASTER);
  routes.add("a", addressesOf("10.10.10.2"));
  assert.equal(routes.findByDestination(ipPacket(ipv4("10.10.10.2"), ipv4(V4))), null);
});

Deno.test("InnerRoutes.remove takes a slave's addresses back, and no other's; they can be given again", () => {
  const routes = new InnerRoutes<string>(MASTER);
  const addresses = addressesOf("10.10.10.2", "fd12:3456:789a:1::2");
  routes.add("a", addresses);
  routes.add("b", addressesOf("10.10.10.3"));
  routes.remove(addresses);
  routes.remove(addresses);
  const packet = ipPacket(ipv4("10.10.10.2"), ipv4("10.10.10.3"));
  assert.equal(routes.findBySource(packet), null);
  assert.equal(routes.findByDestination(packet), "b");
  routes.add("c", addresses);
  assert.equal(routes.findBySource(packet), "c");
});

Deno.test("InnerRoutes.add refuses an address that is taken, and then takes none of the others", () => {
  const routes = new InnerRoutes<string>(MASTER);
  routes.add("a", addressesOf("10.10.10.2"));
  assert.throws(
    () => routes.add("b", addressesOf("10.10.10.3", "10.10.10.2")),
    /10\.10\.10\.2 is taken/,
  );
  const packet = ipPacket(ipv4("10.10.10.2"), ipv4("10.10.10.3"));
  assert.equal(routes.findBySource(packet), "a");
  assert.equal(routes.findByDestination(packet), null);
});

Deno.test("InnerRoutes.add refuses the master's own addresses", () => {
  const routes = new InnerRoutes<string>(MASTER);
  for (const address of [V4, V6]) {
    assert.throws(() => routes.add("a", addressesOf(address)), /is taken/);
  }
});

Deno.test("InnerRoutes refuses addresses outside the master's networks", () => {
  const routes = new InnerRoutes<string>(MASTER);
  for (
    const address of [
      ...["10.10.11.0", "10.10.9.255", "0.0.0.0", "255.255.255.255"],
      ...["fd12:3456:789a:2::2", "fd12:3456:789a:1:0:1::2", "::2", "fd12:3456:789b:1::2"],
    ]
  ) {
    assert.throws(() => routes.add("a", addressesOf(address)), /none of the master's networks/);
    assert.throws(() => routes.remove(addressesOf(address)), /none of the master's networks/);
  }
  assert.throws(() => routes.add("a", addressesOf("10.10.10")), /no inner address/);
});

Deno.test("InnerRoutes without an IPv6 network finds nobody for any IPv6 packet", () => {
  const routes = new InnerRoutes<string>([{ address: V4, prefixBits: 24 }]);
  assert.throws(() => routes.add("a", addressesOf("::2")), /none of the master's networks/);
  const zeros = ipPacket(new Uint8Array(16), new Uint8Array(16));
  const ones = ipPacket(new Uint8Array(16).fill(0xff), new Uint8Array(16).fill(0xff));
  for (const packet of [zeros, ones]) assert.equal(routes.findByDestination(packet), null);
});

Deno.test("InnerRoutes without an IPv4 network finds nobody for any IPv4 packet", () => {
  const routes = new InnerRoutes<string>([{ address: V6, prefixBits: 64 }]);
  assert.throws(() => routes.add("a", addressesOf("0.0.0.0")), /none of the master's networks/);
  assert.equal(routes.findByDestination(ipPacket(ipv4("0.0.0.0"), ipv4("0.0.0.2"))), null);
});

Deno.test("InnerRoutes takes one network of each family, the IPv6 one a /64", () => {
  const [four, six] = MASTER as [InnerAddress, InnerAddress];
  assert.throws(() => new InnerRoutes([four, four]), /two IPv4 networks/);
  assert.throws(() => new InnerRoutes([six, six]), /two IPv6 networks/);
  assert.throws(() => new InnerRoutes([{ ...six, prefixBits: 48 }]), /a \/48, not a \/64/);
});

/** Networks of all the sizes that a pool may have, at both ends of the address space, too. */
const networks = fc.record({
  prefixBits: fc.integer({ min: 8, max: 30 }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.constantFrom(Uint8Array.of(0, 0, 0, 1), Uint8Array.of(255, 255, 255, 255)),
  ),
  prefix: fc.uint8Array({ minLength: 8, maxLength: 8 }),
});

/** Host numbers: few, so that slaves and packets meet; some where the array ends and beyond. */
const hosts = fc.oneof(
  fc.integer({ min: 2, max: 12 }),
  fc.constantFrom(255, 65_535, 65_536, 65_537, 2 ** 24 - 1),
);

/** Bytes of the network's address with that host number added; null when it is not in there. */
function hostOf(
  network: Uint8Array,
  prefixBits: number,
  host: number,
): Uint8Array<ArrayBuffer> | null {
  const size = 2 ** (network.length * 8 - prefixBits);
  if (host >= size) return null;
  let bits = [...network].map((byte) => byte.toString(2).padStart(8, "0")).join("").slice(
    0,
    prefixBits,
  );
  bits += host.toString(2).padStart(network.length * 8 - prefixBits, "0");
  return Uint8Array.from(bits.match(/.{8}/g)!, (byte) => parseInt(byte, 2));
}

Deno.test("InnerRoutes agrees with a map of addresses as text", () => {
  const anyBytes = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length });
  const flips = fc.tuple(fc.nat({ max: 127 }), fc.boolean());
  const inputs = fc.record({
    network: networks,
    slaves: fc.uniqueArray(hosts, { maxLength: 10 }),
    removed: fc.array(hosts, { maxLength: 3 }),
    packets: fc.array(fc.tuple(hosts, hosts, flips), { minLength: 1, maxLength: 40 }),
    strangers: fc.array(fc.oneof(anyBytes(4), anyBytes(16)), { maxLength: 10 }),
  });
  let found = 0;
  fc.assert(
    fc.property(inputs, ({ network, slaves, removed, packets, strangers }) => {
      const v6Network = Uint8Array.from([...network.prefix, ...new Array(8).fill(0)]);
      const locate = (host: number): Uint8Array<ArrayBuffer>[] =>
        [hostOf(network.bytes, network.prefixBits, host), hostOf(v6Network, 64, host)]
          .filter((bytes) => bytes !== null);
      const texts = (host: number): InnerAddress[] =>
        locate(host).map((bytes) => ({ address: longText(bytes), prefixBits: 0 }));
      const routes = new InnerRoutes<number>([
        {
          address: formatIp(hostOf(network.bytes, network.prefixBits, 1)!),
          prefixBits: network.prefixBits,
        },
        { address: longText(hostOf(v6Network, 64, 1)!), prefixBits: 64 },
      ]);
      const slow = new Map<string, number>();
      for (const host of slaves) {
        routes.add(host, texts(host));
        for (const { address } of texts(host)) slow.set(address, host);
      }
      for (const host of removed) {
        routes.remove(texts(host));
        for (const { address } of texts(host)) slow.delete(address);
      }
      const assertFound = (source: Uint8Array, destination: Uint8Array): void => {
        const packet = ipPacket(source, destination);
        assert.equal(routes.findBySource(packet), slow.get(longText(source)) ?? null);
        assert.equal(routes.findByDestination(packet), slow.get(longText(destination)) ?? null);
        if (slow.has(longText(source))) found++;
      };
      for (const [from, to, [bit, isFlipped]] of packets) {
        const destinations = locate(to);
        for (const source of locate(from)) {
          const destination = destinations.find(({ length }) => length === source.length);
          if (destination === undefined) continue;
          if (isFlipped) destination[bit % (8 * source.length) >> 3]! ^= 1 << (bit & 7);
          assertFound(source, destination);
        }
      }
      for (const stranger of strangers) assertFound(stranger, stranger);
    }),
  );
  assert(found > 100, "the packets did not meet the slaves");
});

/** IPv6 with all its groups: formatIp would write some of them as IPv4 addresses. */
function longText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  return groups.map((group) => group.toString(16)).join(":");
}
