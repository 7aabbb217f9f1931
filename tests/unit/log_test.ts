import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { describeError, type LogOptions, setUpLog, wantsColors } from "../../src/log.ts";
import type { SyncWriter } from "../../src/text_output.ts";

/** Keeps every write; can be told to fail. */
class MemoryWriter implements SyncWriter {
  readonly writes: string[] = [];
  failure: Error | null = null;
  /** Bytes taken before the next failure; Infinity: all. */
  room = Infinity;

  writeSync(bytes: Uint8Array): number {
    if (this.failure !== null && this.room <= 0) throw this.failure;
    const taken = bytes.subarray(0, this.room);
    this.room -= taken.length;
    this.writes.push(new TextDecoder().decode(taken));
    return taken.length;
  }
}

function logTo(
  writer: MemoryWriter,
  options: Partial<LogOptions> = {},
): ReturnType<typeof setUpLog> {
  return setUpLog({ level: "debug", format: "text", hasColors: false, writer, ...options });
}

/** The one line written, without its time. */
function lineOf(writer: MemoryWriter): string {
  assert.equal(writer.writes.length, 1);
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (.*)\n$/s.exec(writer.writes[0] ?? "");
  assert.ok(match, writer.writes[0]);
  return match[1] ?? "";
}

Deno.test("Logger writes time, level, message and properties in one line and one write", () => {
  const writer = new MemoryWriter();
  logTo(writer).info("Link up", { link: "192.168.43.1:1080", id: 1, remote: "" });
  assert.equal(lineOf(writer), 'INFO  Link up link=192.168.43.1:1080 id=1 remote=""');
});

Deno.test("Logger leaves out what is below its level", () => {
  const writer = new MemoryWriter();
  const logger = logTo(writer, { level: "warning" });
  logger.debug("no");
  logger.info("no");
  logger.warn("yes");
  logger.error("yes");
  assert.deepEqual(writer.writes.map((line) => line.slice(25, 30)), ["WARN ", "ERROR"]);
});

Deno.test("Logger takes a message as it is, braces too", () => {
  const writer = new MemoryWriter();
  logTo(writer).warn("odd {link} {{x}} {", { link: "a" });
  assert.equal(lineOf(writer), "WARN  odd {link} {{x}} { link=a");
});

Deno.test("Logger keeps text from the network in its line and out of the terminal", () => {
  const writer = new MemoryWriter();
  logTo(writer).info("said a\nb\x1b[31m", { reason: "x\r\n2026 ERROR forged\u202e" });
  const line = lineOf(writer);
  assert.ok(!/[\p{Cc}\p{Cf}]/u.test(line), JSON.stringify(line));
  assert.match(line, /said a\\u000ab\\u001b\[31m reason="x\\r\\n2026 ERROR forged/);
});

Deno.test("Logger shows values of every kind", () => {
  const writer = new MemoryWriter();
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  logTo(writer).error("x", {
    error: new Error("Cannot open", { cause: new Error("EPERM") }),
    list: [1, 2n],
    nothing: null,
    missing: undefined,
    circular,
    quoted: 'a="b"',
  });
  assert.equal(
    lineOf(writer),
    'ERROR x error="Cannot open: EPERM" list="[1,\\"2\\"]" nothing=null missing=undefined ' +
      'circular="[object Object]" quoted="a=\\"b\\""',
  );
});

Deno.test("Logger writes JSON lines", () => {
  const writer = new MemoryWriter();
  const logger = logTo(writer, { format: "json" });
  logger.info("Link {up}\n", { link: "a:1", error: new Error("gone") });
  const text = writer.writes.join("");
  assert.equal(text.indexOf("\n"), text.length - 1);
  const { "@timestamp": time, ...rest } = JSON.parse(text);
  assert.ok(!Number.isNaN(Date.parse(time)));
  assert.deepEqual(rest, {
    level: "INFO",
    message: "Link {up}\n",
    logger: "bindlink",
    properties: { link: "a:1", error: "gone" },
  });
});

Deno.test("Logger survives a reader that went away", () => {
  const writer = new MemoryWriter();
  const logger = logTo(writer);
  writer.failure = new Deno.errors.BrokenPipe();
  writer.room = 0;
  logger.error("unheard");
  assert.deepEqual(writer.writes, []);
});

Deno.test("Logger begins a new line after one that got out in part", () => {
  const writer = new MemoryWriter();
  const logger = logTo(writer);
  writer.failure = new Deno.errors.WouldBlock();
  writer.room = 10;
  logger.info("cut");
  writer.room = Infinity;
  logger.info("whole");
  assert.match(writer.writes[1] ?? "", /^\n\d{4}-.* 1 log line was lost\n$/);
  assert.match(writer.writes[2] ?? "", /^\d{4}-.* whole\n$/);
});

Deno.test("Logger counts the lines that its reader does not take, and says so once", () => {
  const writer = new MemoryWriter();
  const logger = logTo(writer);
  writer.failure = new Deno.errors.WouldBlock();
  writer.room = 0;
  for (let i = 0; i < 3; i++) logger.info("unread");
  writer.room = Infinity;
  logger.info("first");
  logger.info("second");
  const lines = writer.writes.map((line) => line.slice(25));
  assert.deepEqual(lines, ["WARN  3 log lines were lost\n", "INFO  first\n", "INFO  second\n"]);
});

Deno.test("Logger counts one lost line as one, in JSON too", () => {
  const writer = new MemoryWriter();
  const logger = logTo(writer, { format: "json" });
  writer.failure = new Deno.errors.WouldBlock();
  writer.room = 0;
  logger.info("unread", { link: "a" });
  writer.room = Infinity;
  logger.info("read");
  const [loss] = writer.writes.map((line) => JSON.parse(line));
  assert.deepEqual([loss.level, loss.message], ["WARN", "1 log line was lost"]);
  assert.deepEqual(loss.properties, {});
});

for (const format of ["text", "json"] as const) {
  Deno.test(`Logger keeps a line below 4 KiB in ${format}, whatever it is told`, () => {
    const writer = new MemoryWriter();
    const logger = logTo(writer, { format });
    logger.warn("\u0001".repeat(5_000), { reason: "\u0001".repeat(5_000) });
    logger.warn("Link down", { reason: "ß".repeat(5_000) });
    assert.equal(writer.writes.length, 2);
    for (const line of writer.writes) {
      assert.ok(new TextEncoder().encode(line).length <= 4_096);
      assert.match(line, /cutFromBytes/);
      assert.equal(line.indexOf("\n"), line.length - 1);
      if (format === "json") JSON.parse(line);
    }
    assert.match(writer.writes[1] ?? "", /Link down/);
  });
}

Deno.test("Logger colours the text format when asked", () => {
  const writer = new MemoryWriter();
  logTo(writer, { hasColors: true }).warn("x", { a: 1 });
  assert.ok(writer.writes[0]?.includes("\x1b[33mWARN \x1b[0m"));
});

Deno.test("setUpLog sends the log library's own troubles to the same place", () => {
  const writer = new MemoryWriter();
  logTo(writer);
  getLogger(["logtape", "meta"]).error("sink failed");
  assert.equal(lineOf(writer), "ERROR sink failed");
});

Deno.test("wantsColors follows the terminal and NO_COLOR", () => {
  assert.equal(wantsColors(true, undefined), true);
  assert.equal(wantsColors(true, ""), true);
  assert.equal(wantsColors(true, "1"), false);
  assert.equal(wantsColors(false, undefined), false);
});

Deno.test("describeError joins an error with its causes, without repeating them", () => {
  const cause = new Error("EPERM");
  assert.equal(describeError(new Error("Cannot open", { cause })), "Cannot open: EPERM");
  assert.equal(describeError(new Error("Cannot open: EPERM", { cause })), "Cannot open: EPERM");
  assert.equal(describeError(new TypeError("")), "TypeError");
  assert.equal(describeError("text"), "text");
});
