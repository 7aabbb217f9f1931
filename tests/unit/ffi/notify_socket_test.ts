import assert from "node:assert/strict";
import { NotifySocket } from "../../../ffi/notify_socket.ts";
import { loadLibc } from "../../../ffi/libc.ts";

loadLibc();

/** A manager's socket of this name: a path or `@name`, printed by perl, since Deno binds no abstract ones. */
async function receiveOne(name: string, send: () => void): Promise<string> {
  const script = `
    use Socket;
    my $name = $ARGV[0];
    $name =~ s/^@/\\0/;
    socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
    bind($s, pack("S a*", AF_UNIX, $name)) or die "bind: $!";
    $| = 1;
    print "ready\\n";
    recv($s, my $text, 4096, 0) // die;
    print $text;`;
  const child = new Deno.Command("perl", { args: ["-e", script, name], stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let isSent = false;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
    if (!isSent && text.startsWith("ready\n")) {
      isSent = true;
      send();
    }
  }
  assert.equal((await child.status).success, true);
  return text.replace("ready\n", "");
}

Deno.test("NotifySocket sends to a path and to an abstract name", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "bindlink-notify-" });
  try {
    for (const name of [`${folder}/notify`, `@bindlink-test-${crypto.randomUUID()}`]) {
      using socket = new NotifySocket(name);
      assert.equal(await receiveOne(name, () => socket.send("READY=1\n")), "READY=1\n");
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("NotifySocket says when nobody listens", () => {
  using socket = new NotifySocket("@bindlink-test-nobody");
  assert.throws(() => socket.send("READY=1"), /Cannot sendto: ECONNREFUSED/);
  socket[Symbol.dispose]();
});

Deno.test("NotifySocket refuses a name that fits no address", () => {
  assert.throws(() => new NotifySocket(`/${"x".repeat(107)}`), /its name has 108 bytes/);
  using longest = new NotifySocket(`/${"x".repeat(106)}`);
  assert.throws(() => longest.send("x"), /ENOENT/);
});
