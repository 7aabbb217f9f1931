import assert from "node:assert/strict";
import { Arena } from "../../../ffi/arena.ts";
import { IP_PKTINFO, IPPROTO_IP, LocalAddress } from "../../../ffi/local_address.ts";
import {
  CONTROL_BYTES,
  IOVEC_BYTES,
  MESSAGE_HEADER_ARENA_BYTES,
  MessageHeader,
  MessageVector,
  messageVectorArenaBytes,
  MMSGHDR_BYTES,
  MSGHDR_BYTES,
} from "../../../ffi/msghdr.ts";

Deno.test("struct sizes are those of 64-bit Linux", () => {
  // name, its length and padding, iov, iovlen, control, controllen, flags and padding
  assert.equal(MSGHDR_BYTES, 8 + 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4);
  assert.equal(IOVEC_BYTES, 8 + 8);
  assert.equal(MMSGHDR_BYTES, MSGHDR_BYTES + 4 + 4);
  // cmsg_len, cmsg_level, cmsg_type, and an int rounded up
  assert.equal(CONTROL_BYTES, 8 + 4 + 4 + 8);
});

Deno.test("MessageHeader reads back only a control message of the kind asked for", () => {
  using arena = new Arena(MESSAGE_HEADER_ARENA_BYTES);
  const message = new MessageHeader(arena);
  assert.equal(message.controlInt(17, 104, -1), -1);
  message.setControlU16(17, 104, 1_400);
  assert.equal(message.controlInt(17, 104, -1), 1_400);
  assert.equal(message.controlInt(17, 103, -1), -1);
  assert.equal(message.controlInt(1, 104, -1), -1);
  message.clearControl();
  assert.equal(message.controlInt(17, 104, -1), -1);
});

Deno.test("MessageHeader puts where from in front of the other control message, and finds either", () => {
  using arena = new Arena(MESSAGE_HEADER_ARENA_BYTES);
  const message = new MessageHeader(arena);
  const bytes = Uint8Array.of(1, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1);
  const from = LocalAddress.fromIpv4(new DataView(bytes.buffer), 0);
  message.setLocalAddress(from);
  message.clearControl();
  assert.equal(message.findControl(IPPROTO_IP, IP_PKTINFO), 16);
  message.setControlU16(17, 104, 1_400);
  assert.equal(message.findControl(IPPROTO_IP, IP_PKTINFO), 16);
  assert.equal(message.controlInt(17, 104, -1), 1_400);
  assert.equal(message.control.view.getUint32(16 + 4), 0x0a000001);
  message.setLocalAddress(null);
  message.setControlU16(17, 104, 1_200);
  assert.equal(message.findControl(IPPROTO_IP, IP_PKTINFO), -1);
  assert.equal(message.controlInt(17, 104, -1), 1_200);
});

Deno.test("MessageVector cuts data into messages, an empty one into one, and leaves what is too much", () => {
  using arena = new Arena(messageVectorArenaBytes(4));
  const vector = new MessageVector(arena, 4);
  for (
    const [lengthBytes, segmentBytes, messages] of [
      [0, 10, 1],
      [1, 10, 1],
      [10, 10, 1],
      [11, 10, 2],
      [40, 10, 4],
      [41, 10, 4],
    ] as const
  ) {
    assert.equal(vector.setData(2 ** 40, lengthBytes, segmentBytes), messages, `${lengthBytes}`);
  }
});
