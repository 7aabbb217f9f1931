import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import {
  chooseIoEngine,
  DENO_ENGINE,
  openFfiEngine,
  openIoEngine,
} from "../../../src/linkmap/io_engine.ts";
import { FastUdpSocket } from "../../../src/linkmap/fast_udp_socket.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { countOpenFds } from "../../support/open_fds.ts";

const ignore = Deno.build.os !== "linux"; // the fast engine is Linux's

function refuse(reason: string): never {
  throw new Error(`told of ${reason}`);
}

function cannotOpen(): never {
  throw new Error("Cannot load the C library");
}

Deno.test({
  name: "chooseIoEngine takes the fast engine on Linux when nothing else is asked for",
  ignore,
  fn: () => {
    const before = countOpenFds();
    for (const io of ["auto", "ffi"] as const) {
      const engine = chooseIoEngine(io, refuse);
      assert.equal(engine.name, "ffi");
      using socket = engine.bindUdp({ hostname: "127.0.0.1", port: 0 });
      assert.ok(socket instanceof FastUdpSocket);
    }
    assert.equal(countOpenFds(), before);
  },
});

Deno.test({
  name: "openFfiEngine leaves nothing open",
  ignore,
  fn: () => {
    const before = countOpenFds();
    openFfiEngine();
    assert.equal(countOpenFds(), before);
  },
});

Deno.test("chooseIoEngine takes the portable engine when asked, and does not try the other", () => {
  const engine = chooseIoEngine("deno", refuse, cannotOpen);
  assert.equal(engine, DENO_ENGINE);
  using socket = engine.bindUdp({ hostname: "127.0.0.1", port: 0 });
  assert.ok(socket instanceof UdpSocket);
});

Deno.test("chooseIoEngine takes the portable engine where the fast one does not work, and tells why", () => {
  const reasons: string[] = [];
  const engine = chooseIoEngine("auto", (reason) => reasons.push(reason), cannotOpen);
  assert.equal(engine, DENO_ENGINE);
  assert.deepEqual(reasons, ["Cannot load the C library"]);
});

Deno.test("chooseIoEngine fails when the fast engine was asked for and does not work", () => {
  assert.throws(
    () => chooseIoEngine("ffi", refuse, cannotOpen),
    (error: Error) =>
      error.message === "Cannot use --io ffi: Cannot load the C library" &&
      error.cause instanceof Error,
  );
});

Deno.test({
  name: "openIoEngine with a mark takes the fast engine, whose sockets have it (as root)",
  ignore: ignore || Deno.uid() !== 0,
  fn: () => {
    const engine = openIoEngine({ io: "auto", mark: 0xffff_ffff }, refuse);
    assert.equal(engine.name, "ffi");
    using socket = engine.bindUdp({ hostname: "127.0.0.1", port: 0 });
    assert.ok(socket instanceof FastUdpSocket);
  },
});
