/**
 * `install-service` for real, but for systemd: executable, user, options and unit are made in layers over this machine's
 * files, which vanish with the process, and a program that writes down what it is told stands in for `systemctl`. What the unit
 * would start is then started as it would be: as its user, with its capabilities and no others.
 *
 * @module
 */

import assert from "node:assert/strict";
import { compiledBinary } from "../support/compiled_binary.ts";
import { canUseNamespaces, NetworkLab } from "../support/namespace.ts";
import { findProgram } from "../support/requirements.ts";
import { TempDir } from "../support/temp_dir.ts";

/** $1: a folder with the executable, $2: a folder for the layers. Each step's output follows a line `== STEP`. */
const SCRIPT = `
set -e
mount -t tmpfs tmpfs "$2"
for name in etc var usr/local; do
  mkdir -p "$2/$name/up" "$2/$name/work"
  mount -t overlay overlay -o "lowerdir=/$name,upperdir=$2/$name/up,workdir=$2/$name/work" "/$name"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$2/bin"
# As udev makes it everywhere: whoever may make a tun may open it.
mount -t tmpfs tmpfs /dev/net
mknod -m 666 /dev/net/tun c 10 200
printf '#!/bin/sh\\necho "systemctl $*"\\necho "$*" >> %s\\n' "$2/told" > "$2/bin/systemctl"
chmod +x "$2/bin/systemctl"
PATH="$2/bin:$PATH"

echo "== install"
"$1/bindlink" install-service master --listen 4000 --metrics none 2>&1
echo "== told"
cat "$2/told"
echo "== files"
stat -c '%a %U:%G %n' /etc/bindlink/master.toml /etc/systemd/system/bindlink-master.service \\
  /usr/local/bin/bindlink
cat /etc/bindlink/master.toml
unit=/etc/systemd/system/bindlink-master.service
caps=$(sed -n 's/^AmbientCapabilities=//p' $unit | tr 'A-Z' 'a-z' | sed 's/cap_/+/g; s/ /,/g')
install -d -m 700 -o bindlink /var/lib/bindlink

echo "== run"
setpriv --reuid bindlink --regid bindlink --clear-groups --bounding-set=-all,$caps \\
  --inh-caps=-all,$caps --ambient-caps=-all,$caps --no-new-privs \\
  env -i PATH=/usr/bin:/bin HOME=/ USER=bindlink STATE_DIRECTORY=/var/lib/bindlink \\
  $(sed -n 's/^ExecStart=//p' $unit) > "$2/log" 2>&1 &
pid=$!
for i in $(seq 100); do
  grep -q 'Running as master' "$2/log" && break
  kill -0 $pid || { cat "$2/log"; break; }
  sleep 0.1
done
grep -E '^(Uid|CapEff):' /proc/$pid/status
kill $pid
wait $pid && echo "ended with 0"
cat "$2/log"

echo "== uninstall"
"$1/bindlink" uninstall-service master 2>&1
ls /etc/systemd/system/bindlink-master.service 2>&1 || true
cat /etc/bindlink/master.toml
`;

Deno.test({
  name:
    "install-service makes a service that runs as its own user, and uninstall-service removes it",
  ignore: !canUseNamespaces() || findProgram("systemd-sysusers") === null,
  async fn(): Promise<void> {
    const binary = await compiledBinary();
    using folder = new TempDir();
    using layers = new TempDir();
    await using lab = new NetworkLab();
    const machine = await lab.namespace("machine");
    await Deno.copyFile(binary, `${folder.path}/bindlink`);
    const output = await machine.run(["sh", "-c", SCRIPT, "sh", folder.path, layers.path]);
    const [, ...parts] = output.split(/^== /m);
    const steps = new Map(parts.map((part) => {
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    }));
    const step = (name: string): string => steps.get(name) ?? assert.fail(output);

    assert.match(step("install"), /^Copied this executable to \/usr\/local\/bin\/bindlink\n/);
    assert.match(step("install"), /Running as the service bindlink-master\.service/);
    assert.equal(
      step("told"),
      "daemon-reload\nenable bindlink-master.service\nrestart bindlink-master.service\n",
    );
    assert.match(step("files"), /^640 root:bindlink \/etc\/bindlink\/master\.toml\n/);
    assert.match(
      step("files"),
      /\n644 root:root \/etc\/systemd\/system\/bindlink-master\.service\n/,
    );
    assert.match(step("files"), /\n755 root:root \/usr\/local\/bin\/bindlink\n/);
    assert.match(step("files"), /\nlisten = "4000"\n/);
    // capability.h: CAP_NET_ADMIN is bit 12.
    assert.match(step("run"), /CapEff:\s+0000000000001000\n/);
    assert.doesNotMatch(step("run"), /Uid:\s+0\b/);
    assert.match(step("run"), /Running as master/);
    assert.match(step("run"), /ended with 0\n/);
    assert.match(step("uninstall"), /Removed the service bindlink-master\.service\n/);
    assert.match(step("uninstall"), /No such file/);
    assert.match(step("uninstall"), /\nlisten = "4000"\n/);
  },
});
