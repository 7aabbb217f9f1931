import assert from "node:assert/strict";
import { requestControl } from "../../../src/control/control_client.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** Listens once and does something with the connection. */
async function answerOnce(
  path: string,
  answer: (connection: Deno.UnixConn) => Promise<unknown>,
): Promise<void> {
  using listener = Deno.listen({ transport: "unix", path });
  using connection = await listener.accept();
  await answer(connection);
}

const REQUEST = { command: "x" };

Deno.test("requestControl gives null when there is no socket, or a plain file, or a dead process's", async () => {
  using folder = new TempDir();
  assert.equal(await requestControl(`${folder.path}/none.sock`, REQUEST), null);
  assert.equal(await requestControl(`${folder.path}/none/none.sock`, REQUEST), null);
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  assert.equal(await requestControl(`${folder.path}/file`, REQUEST), null);
});

Deno.test("requestControl says so when the daemon closes without an answer", async () => {
  using folder = new TempDir();
  const path = `${folder.path}/a.sock`;
  const served = answerOnce(path, (connection) => connection.read(new Uint8Array(1000)));
  await assert.rejects(requestControl(path, REQUEST), /it ended, or closed the connection, before/);
  await served;
});

Deno.test("requestControl does not wait for ever", async () => {
  using folder = new TempDir();
  const path = `${folder.path}/a.sock`;
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const served = answerOnce(path, () => isOver);
  await assert.rejects(
    requestControl(path, REQUEST, { timeoutMs: 50 }),
    /no answer within 0\.05 s: it is stopped \(.*else restart it$/,
  );
  end();
  await served;
});

Deno.test("requestControl refuses an answer that it does not understand", async () => {
  using folder = new TempDir();
  for (const [i, answer] of ["nonsense\n", "{}\n", "[]\n", '{"v":1}\n'].entries()) {
    const path = `${folder.path}/${i}.sock`;
    const served = answerOnce(path, (it) => it.write(new TextEncoder().encode(answer)));
    await assert.rejects(requestControl(path, REQUEST), /its answer is not understood/);
    await served;
  }
});

Deno.test("requestControl says when the path is too long for a socket", async () => {
  await assert.rejects(requestControl(`/tmp/${"x".repeat(103)}`, REQUEST), /has 108 bytes/);
});
