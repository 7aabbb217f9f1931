import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AdmittedConnection,
  MAX_CONNECTIONS,
  MAX_STRANGERS,
  STRANGER_TIMEOUT_MS,
  TcpAdmission,
} from "../../../src/linkmap/tcp_admission.ts";
import type { NetAddress } from "../../../src/net_address.ts";

/** A connection that only says what was done to it. */
class FakeConnection implements AdmittedConnection {
  isAuthentic = false;
  isClosed = false;
  readonly remote: NetAddress;

  constructor(hostname = "192.0.2.1") {
    this.remote = { hostname, port: 1 };
  }

  close(): void {
    this.isClosed = true;
  }
}

function createAdmission(): TcpAdmission<FakeConnection> {
  return new TcpAdmission<FakeConnection>((connection) => connection.isAuthentic);
}

/** Admits a new connection. */
function admit(
  admission: TcpAdmission<FakeConnection>,
  { now = 0, hostname = "192.0.2.1", isAuthentic = false } = {},
): FakeConnection {
  const connection = new FakeConnection(hostname);
  assert.equal(admission.admit(connection, now), true);
  connection.isAuthentic = isAuthentic;
  return connection;
}

Deno.test("TcpAdmission closes the oldest stranger when there are too many", () => {
  const admission = createAdmission();
  const first = Array.from({ length: MAX_STRANGERS }, () => admit(admission));
  assert(first.every(({ isClosed }) => !isClosed));
  admit(admission);
  assert.deepEqual(first.map(({ isClosed }) => isClosed).indexOf(true), 0);
  assert.equal(first.filter(({ isClosed }) => isClosed).length, 1);
  assert.equal(admission.size, MAX_STRANGERS);
});

Deno.test("TcpAdmission lets a flood from one address push out only its own", () => {
  const admission = createAdmission();
  const slave = admit(admission, { hostname: "198.51.100.7" });
  for (let i = 0; i < 1_000; i++) admit(admission, { hostname: "192.0.2.66" });
  assert.equal(slave.isClosed, false);
  assert.equal(admission.size, MAX_STRANGERS);
});

Deno.test("TcpAdmission keeps what has authenticated", () => {
  const admission = createAdmission();
  const slave = admit(admission, { isAuthentic: true });
  for (let i = 0; i < 1_000; i++) admit(admission);
  admission.handleTimeout(STRANGER_TIMEOUT_MS);
  assert.equal(slave.isClosed, false);
  assert.equal(admission.size, 1);
});

Deno.test("TcpAdmission closes a stranger after ten seconds, not before", () => {
  const admission = createAdmission();
  const connection = admit(admission, { now: 500 });
  admission.handleTimeout(500 + STRANGER_TIMEOUT_MS - 1);
  assert.equal(connection.isClosed, false);
  admission.handleTimeout(500 + STRANGER_TIMEOUT_MS);
  assert.equal(connection.isClosed, true);
  assert.equal(admission.size, 0);
});

Deno.test("TcpAdmission gives a member that lost its link ten seconds, not less", () => {
  const admission = createAdmission();
  const connection = admit(admission, { isAuthentic: true });
  for (let now = 1_000; now <= 300_000; now += 1_000) admission.handleTimeout(now);
  assert.equal(connection.isClosed, false, "a link leads over it");
  connection.isAuthentic = false;
  admission.handleTimeout(301_000);
  admission.handleTimeout(301_000 + STRANGER_TIMEOUT_MS - 1);
  assert.equal(connection.isClosed, false);
  admission.handleTimeout(301_000 + STRANGER_TIMEOUT_MS);
  assert.equal(connection.isClosed, true);
  assert.equal(admission.size, 0);
});

Deno.test("TcpAdmission keeps a member whose link comes back in time", () => {
  const admission = createAdmission();
  const connection = admit(admission, { isAuthentic: true });
  admission.handleTimeout(0);
  connection.isAuthentic = false;
  admission.handleTimeout(1_000);
  connection.isAuthentic = true;
  admission.handleTimeout(1_000 + STRANGER_TIMEOUT_MS);
  admission.handleTimeout(1_000 + 2 * STRANGER_TIMEOUT_MS);
  assert.equal(connection.isClosed, false);
});

Deno.test("TcpAdmission closes members that lost their links where no stranger's place is free, and no stranger for them", () => {
  const admission = createAdmission();
  const members = Array.from({ length: 3 }, () => admit(admission, { isAuthentic: true }));
  admission.handleTimeout(0);
  const strangers = Array.from({ length: MAX_STRANGERS - 1 }, () => admit(admission));
  for (const member of members) member.isAuthentic = false;
  admission.handleTimeout(1_000);
  assert.deepEqual(members.map(({ isClosed }) => isClosed), [false, true, true]);
  assert(strangers.every(({ isClosed }) => !isClosed));
  assert.equal(admission.size, MAX_STRANGERS);
});

Deno.test("TcpAdmission takes the places of one slave's connections that its links left, before it refuses another", () => {
  const admission = createAdmission();
  // A slave whose 255 links go on to a new connection again and again, and which closes none.
  const kept: FakeConnection[] = [];
  for (let i = 0; i < MAX_CONNECTIONS; i++) {
    const left = kept.at(-255);
    if (left !== undefined) left.isAuthentic = false;
    kept.push(admit(admission, { hostname: "192.0.2.66", isAuthentic: true }));
  }
  assert.equal(admission.size, MAX_CONNECTIONS, "within a second it may have all places");
  const slave = admit(admission, { hostname: "198.51.100.7", isAuthentic: true });
  assert.equal(slave.isClosed, false);
  assert.equal(admission.size, 255 + MAX_STRANGERS);
  assert(kept.every(({ isAuthentic, isClosed }) => !(isAuthentic && isClosed)));
});

Deno.test("TcpAdmission.mayGoOn tells connections of links from others", () => {
  const admission = createAdmission();
  const connection = admit(admission);
  assert.equal(admission.mayGoOn(connection), false);
  connection.isAuthentic = true;
  assert.equal(admission.mayGoOn(connection), true);
  admission.handleTimeout(0);
  connection.isAuthentic = false;
  assert.equal(admission.mayGoOn(connection), true, "a member until it is looked after");
  admission.handleTimeout(1_000);
  assert.equal(admission.mayGoOn(connection), false);
});

Deno.test("TcpAdmission refuses when links lead over all the connections there may be", () => {
  const admission = createAdmission();
  for (let i = 0; i < MAX_CONNECTIONS; i++) admit(admission, { isAuthentic: true });
  const late = new FakeConnection();
  assert.equal(admission.admit(late, 0), false);
  assert.equal(admission.size, MAX_CONNECTIONS);
  admission.remove(late);
  assert.equal(admission.size, MAX_CONNECTIONS);
});

Deno.test("TcpAdmission.remove makes room", () => {
  const admission = createAdmission();
  const connections = Array.from({ length: MAX_STRANGERS }, () => admit(admission));
  admission.remove(connections[5]!);
  admission.remove(new FakeConnection());
  admit(admission);
  assert(connections.every(({ isClosed }) => !isClosed));
});

Deno.test("TcpAdmission holds its bounds whatever comes, and closes no authenticated connection for room", () => {
  const event = fc.record({
    what: fc.constantFrom("open", "open", "open", "flood", "authenticate", "end"),
    host: fc.integer({ min: 1, max: 5 }),
    which: fc.nat(),
  });
  fc.assert(fc.property(fc.array(event, { maxLength: 300 }), (events) => {
    const admission = createAdmission();
    let open: FakeConnection[] = [];
    for (const { what, host, which } of events) {
      const chosen = open[which % Math.max(1, open.length)];
      if (what === "open" || what === "flood") {
        for (let i = 0; i < (what === "flood" ? 40 : 1); i++) {
          open.push(admit(admission, { hostname: `192.0.2.${host}` }));
        }
      } else if (chosen !== undefined && what === "authenticate") chosen.isAuthentic = true;
      else if (chosen !== undefined) {
        admission.remove(chosen);
        open = open.filter((it) => it !== chosen);
      }
      assert(open.every((it) => !(it.isClosed && it.isAuthentic)));
      open = open.filter((it) => !it.isClosed);
      assert.equal(admission.size, open.length);
      assert(open.filter((it) => !it.isAuthentic).length <= MAX_STRANGERS);
    }
  }));
});
