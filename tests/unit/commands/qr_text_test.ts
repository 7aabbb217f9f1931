import assert from "node:assert/strict";
import decodeQR from "qr/decode.js";
import { type QrText, qrText } from "../../../src/commands/qr_text.ts";
import { encodeJoinToken } from "../../../src/peer/join_token.ts";

const TOKEN = encodeJoinToken({
  masterKey: new Uint8Array(32).fill(0x5a),
  seed: new Uint8Array(32).fill(0xa5),
  endpoints: [{ host: "vpn.example.org", port: 4321 }, { host: "2001:db8::1", port: 4321 }],
});

const ESCAPES = "\x1b[38;5;16m\x1b[48;5;231m";

/** What a camera sees: each character as two pixels, one above the other. @param ink colour of the drawn parts. */
function photograph(text: QrText, ink: "black" | "white"): string {
  const scale = 4;
  const rows = text.lines.map((line) => line.replace(ESCAPES, "").replace("\x1b[0m", ""));
  const width = text.widthColumns * scale;
  const height = rows.length * 2 * scale;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    const row = [...rows[Math.floor(y / scale / 2)]!];
    assert.equal(row.length, text.widthColumns);
    const isUpper = Math.floor(y / scale) % 2 === 0;
    for (let x = 0; x < width; x++) {
      const glyph = row[Math.floor(x / scale)]!;
      assert.match(glyph, /^[ \u2580\u2584\u2588]$/);
      const isDrawn = glyph === "\u2588" || glyph === (isUpper ? "\u2580" : "\u2584");
      data.fill(
        isDrawn === (ink === "white") ? 255 : 0,
        (y * width + x) * 4,
        (y * width + x) * 4 + 3,
      );
    }
  }
  return decodeQR({ width, height, data }, { effort: Infinity, timeLimit: Infinity });
}

Deno.test("qrText with colours is black on white and reads back", () => {
  const text = qrText(TOKEN, true);
  assert(text.lines.every((line) => line.startsWith(ESCAPES) && line.endsWith("\x1b[0m")));
  assert.equal(photograph(text, "black"), TOKEN);
});

Deno.test("qrText without colours reads back from a dark terminal", () => {
  const text = qrText(TOKEN, false);
  assert(text.lines.every((line) => !line.includes("\x1b")));
  assert.equal(photograph(text, "white"), TOKEN);
});

Deno.test("qrText has a quiet zone of four modules on all sides", () => {
  const { lines, widthColumns } = qrText(TOKEN, false);
  assert.deepEqual(lines.slice(0, 2), Array(2).fill("\u2588".repeat(widthColumns)));
  assert(lines.every((line) => /^\u2588{4}.*\u2588{4}$/.test(line) || line === lines.at(-1)));
  assert.deepEqual(lines.at(-2), "\u2588".repeat(widthColumns));
});

Deno.test("qrText of a token with usual endpoints fits 80 columns", () => {
  const endpoints = ["203.0.113.5", "198.51.100.7", "2001:db8:1:2:3:4:5:6", "vpn.example.org"]
    .map((host) => ({ host, port: 4321 }));
  const token = encodeJoinToken({
    masterKey: new Uint8Array(32),
    seed: new Uint8Array(32),
    endpoints,
  });
  assert(qrText(token, true).widthColumns <= 80);
  assert(qrText(token, true).lines.length <= 40);
});
