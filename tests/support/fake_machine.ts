/**
 * A machine with rules, routes, a firewall and settings, in memory: it understands the commands that routing types.
 *
 * @module
 */

import { type Command, formatCommand } from "../../src/routing/command.ts";
import { CommandError, commandFailed } from "../../src/routing/command_error.ts";
import type { Machine } from "../../src/routing/machine.ts";

/** The machine. */
export class FakeMachine implements Machine {
  /** All that was run, as it would be typed; looks are left out. */
  readonly typed: string[] = [];
  /** Family and words of each rule, by priority, oldest first. */
  readonly rules: { readonly family: string; readonly pref: number; readonly words: string }[] = [];
  /** `family table` -> routes. */
  readonly routes = new Map<string, string[]>();
  /** Names of inet tables -> their scripts, with elements added behind. */
  readonly tables = new Map<string, string>();
  /** Content of files below /proc. */
  readonly proc = new Map([
    ["sys/net/ipv4/ip_forward", "0"],
    ["sys/net/ipv6/conf/all/forwarding", "0"],
    ["sys/net/ipv6/conf/all/disable_ipv6", "0"],
    ["sys/net/ipv6/conf/bind0/disable_ipv6", "0"],
  ]);
  /** Content of other files, by path. */
  readonly files = new Map<string, string>();
  /** What `ip route get` says of an address. */
  routeTo: (address: string) => string = (address) => `${address} dev bind0`;
  /** Interfaces with an IPv6 default route that a router announced. */
  routedDevices: readonly string[] = [];
  /** Changes that still succeed; the next one fails. */
  changesLeft = Number.POSITIVE_INFINITY;
  /** As after SIGKILL: once a change has failed, all do. */
  diesAtFailure = false;

  readonly run = (command: Command): Promise<string> => {
    try {
      return Promise.resolve(this.#run(command));
    } catch (error) {
      return Promise.reject(error);
    }
  };

  readonly readProc = (path: string): string | null => this.proc.get(path) ?? null;

  readonly readFile = (path: string): string | null => this.files.get(path) ?? null;

  readonly listProc = (path: string): readonly string[] => {
    const below = [...this.proc.keys()].filter((it) => it.startsWith(`${path}/`));
    return [...new Set(below.map((it) => it.slice(path.length + 1).split("/")[0]!))];
  };

  readonly writeSysctl = (path: string, value: string): void => {
    this.#countChange(`sysctl ${path}=${value}`);
    this.proc.set(`sys/${path}`, value);
    this.#drag(path, value);
  };

  /** All that a user would see of it. */
  get state(): string {
    const { rules, routes, tables, proc } = this;
    const filled = [...routes].filter(([, list]) => list.length > 0);
    return JSON.stringify({ rules, routes: filled, tables: [...tables], proc: [...proc] }, null, 1);
  }

  #run(command: Command): string {
    return command.program === "ip"
      ? this.#ip(command, command.args)
      : this.#nft(command, command.args);
  }

  #ip(command: Command, args: readonly string[]): string {
    const [family = "", ...rest] = args;
    const words = rest.join(" ");
    const rule = /^rule (add|del) pref (\d+) ?(.*)$/.exec(words);
    if (rule !== null) {
      this.#countChange(formatCommand(command));
      return this.#changeRule(command, rule[1]!, family, Number(rule[2]), rule[3]!);
    }
    if (words === "-j rule show") {
      const own = this.rules.filter((it) => it.family === family);
      return JSON.stringify(own.map(({ pref }) => ({ priority: pref, src: "all" })));
    }
    if (words === "-j route show default proto ra") {
      return JSON.stringify(this.routedDevices.map((dev) => ({ dst: "default", dev })));
    }
    const asked = /^route get (\S+)$/.exec(words)?.[1];
    if (asked !== undefined) return this.routeTo(asked);
    const route = /^route (replace|add|flush|show) ?(.*?) ?table (\S+)(?: exact (\S+))?$/.exec(
      words,
    );
    if (route === null) throw new Error(`The fake does not know: ${formatCommand(command)}`);
    const [, verb, target = "", table, exact] = route;
    const routes = this.routes.get(`${family} ${table}`);
    if (verb === "add" && routes?.includes(target)) {
      throw commandFailed(command, "RTNETLINK answers: File exists");
    }
    if (verb === "replace" || verb === "add") {
      this.#countChange(formatCommand(command));
      this.routes.set(`${family} ${table}`, [...routes ?? [], target]);
      return "";
    }
    if (routes === undefined) {
      throw commandFailed(command, "Error: ipv4: FIB table does not exist.");
    }
    if (verb === "show") {
      return routes.filter((it) => exact === undefined || it.startsWith(`${exact} `)).join("\n");
    }
    this.#countChange(formatCommand(command));
    this.routes.delete(`${family} ${table}`);
    return "";
  }

  #changeRule(
    command: Command,
    verb: string,
    family: string,
    pref: number,
    words: string,
  ): string {
    const at = this.rules.findIndex((it) =>
      it.family === family && it.pref === pref &&
      (verb === "del" && words === "" || it.words === words)
    );
    if (verb === "add") {
      if (at >= 0) throw commandFailed(command, "RTNETLINK answers: File exists");
      this.rules.push({ family, pref, words });
    } else {
      if (at < 0) throw commandFailed(command, "RTNETLINK answers: No such file or directory");
      this.rules.splice(at, 1);
    }
    return "";
  }

  #nft(command: Command, args: readonly string[]): string {
    const [script = ""] = args;
    if (args.join(" ") === "list tables inet") {
      return [...this.tables.keys()].map((name) => `table inet ${name}\n`).join("");
    }
    if (args.join(" ") === "list ruleset") return [...this.tables.values()].join("\n");
    this.#countChange(formatCommand(command));
    const deleted = /^delete table inet (\S+)/.exec(script)?.[1];
    const created = /^create table inet (\S+)/m.exec(script)?.[1];
    if (deleted !== undefined && !this.tables.has(deleted)) {
      throw commandFailed(command, "Error: No such file or directory");
    }
    if (created !== undefined && created !== deleted && this.tables.has(created)) {
      throw commandFailed(command, "Error: Could not process rule: File exists");
    }
    if (deleted !== undefined) this.tables.delete(deleted);
    if (created !== undefined) {
      this.tables.set(
        created,
        script.slice(script.indexOf("table inet", script.indexOf("create table") + 8)),
      );
    }
    const changed = /^(add|delete) element inet (\S+) |^flush chain inet (\S+) /.exec(script);
    const name = changed?.[2] ?? changed?.[3];
    if (name !== undefined) this.tables.set(name, `${this.tables.get(name)}\n${script}`);
    return "";
  }

  /** As the kernel does it: forwarding is set for each interface, and a machine that forwards takes no redirects. */
  #drag(path: string, value: string): void {
    const version = path === "net/ipv4/ip_forward"
      ? "ipv4"
      : path === "net/ipv6/conf/all/forwarding"
      ? "ipv6"
      : null;
    if (version === null) return;
    const pattern = new RegExp(`^sys/net/${version}/conf/[^/]+/forwarding$`);
    for (const it of this.proc.keys()) if (pattern.test(it)) this.proc.set(it, value);
    const redirects = "sys/net/ipv4/conf/all/accept_redirects";
    if (version === "ipv4" && this.proc.has(redirects)) {
      this.proc.set(redirects, value === "0" ? "1" : "0");
    }
  }

  #countChange(what: string): void {
    if (this.changesLeft <= 0) {
      if (!this.diesAtFailure) this.changesLeft = Number.POSITIVE_INFINITY;
      throw new CommandError(`${what}: refused by the test`);
    }
    this.changesLeft--;
    this.typed.push(what);
  }
}
