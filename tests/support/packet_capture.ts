/**
 * All that passes an interface of a namespace, as bytes: to be searched, changed and sent again.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Namespace } from "./namespace.ts";
import { parsePcap, type PcapFile, type UdpDatagram, udpIn } from "./pcap_file.ts";
import type { TestProcess } from "./process.ts";

/** A running capture, by tcpdump into a file. */
export class PacketCapture implements AsyncDisposable {
  readonly #process: TestProcess;
  readonly #folder: string;

  private constructor(process: TestProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts one; resolves when it captures. @param filter pcap-filter(7); everything by default. */
  static async start(namespace: Namespace, device: string, filter = ""): Promise<PacketCapture> {
    const folder = await Deno.makeTempDir({ prefix: "bindlink-capture-" });
    // -Z root: the folder is ours alone. -U, --immediate-mode: each packet is in the file at once.
    // -B: KiB; what comes while tcpdump waits for a processor must fit, or the capture proves nothing.
    const options = ["-Z", "root", "-n", "-U", "--immediate-mode", "-B", "32768"];
    const process = namespace.spawn(
      ["tcpdump", ...options, "-i", device, "-w", `${folder}/all.pcap`, filter],
    );
    const capture = new PacketCapture(process, folder);
    try {
      await process.waitForLine(/listening on/);
      return capture;
    } catch (error) {
      await capture[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Frames so far, oldest first. */
  async frames(): Promise<readonly Uint8Array[]> {
    return (await this.#read()).frames;
  }

  /** UDP datagrams so far, oldest first; payloads are the caller's. */
  async datagrams(): Promise<readonly UdpDatagram[]> {
    const { linkType, frames } = await this.#read();
    return frames.map((frame) => udpIn(frame, linkType)).filter((found) => found !== null);
  }

  /** Whether these bytes stand anywhere in a frame so far, headers included. */
  async includes(needle: Uint8Array): Promise<boolean> {
    const wanted = Buffer.from(needle);
    return (await this.frames()).some((frame) =>
      Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).includes(wanted)
    );
  }

  /** Ends the capture; what it has can still be read. @throws Error when the kernel had to leave packets out. */
  async finish(): Promise<void> {
    await this.#process.stop("SIGINT");
    const summary = this.#process.output;
    if (!/^0 packets dropped by kernel$/m.test(summary)) {
      throw new Error(`The capture is not whole:\n${summary}`);
    }
  }

  /** The file goes too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<PcapFile> {
    return parsePcap(await Deno.readFile(`${this.#folder}/all.pcap`));
  }
}
