/**
 * What a terminal sends while keys are pressed, as keys. Pure.
 *
 * @module
 */

/** A key: a letter or sign as it is, or one of these names. */
export type Key = string;

/** Makes keys of bytes as they come. */
export class KeyDecoder {
  readonly #decoder = new TextDecoder();
  /** The beginning of a sequence whose rest has not come. */
  #begun = "";

  /**
   * The keys in a piece of input; unknown ones are left out. Over a slow network a sequence comes in pieces: then ESC alone
   * is taken for the key at once, since to wait would make that key slow, and the rest, `[` and a capital, is no key here.
   */
  decode(bytes: Uint8Array): readonly Key[] {
    let rest = this.#begun + this.#decoder.decode(bytes, { stream: true });
    this.#begun = "";
    const keys: Key[] = [];
    while (rest !== "") {
      const afterEscape = rest.startsWith(ESCAPE) ? rest.slice(1) : "";
      const sequence = SEQUENCE.exec(afterEscape)?.[0];
      if (sequence !== undefined) {
        const key = SEQUENCE_KEYS[sequence.replace("O", "[")];
        if (key !== undefined) keys.push(key);
        rest = afterEscape.slice(sequence.length);
      } else if (afterEscape.length <= MAX_BEGUN && BEGUN.test(afterEscape)) {
        this.#begun = rest;
        return keys;
      } else {
        const char = String.fromCodePoint(rest.codePointAt(0)!);
        keys.push(CONTROL_KEYS[char] ?? char);
        rest = rest.slice(char.length);
      }
    }
    return keys;
  }
}

const ESCAPE = "\x1b";

/** A whole sequence after its ESC: of an arrow, of a function key. */
const SEQUENCE = /^(?:\[[0-9;?]*[A-Za-z~]|O[A-Z])/;

/** One that has begun. */
const BEGUN = /^\[[0-9;?]*$/;

/** No key's sequence is longer. */
const MAX_BEGUN = 16;

const SEQUENCE_KEYS: Readonly<Record<string, Key>> = {
  "[A": "up",
  "[B": "down",
  "[H": "home",
  "[1~": "home",
  "[F": "end",
  "[4~": "end",
  "[5~": "pageUp",
  "[6~": "pageDown",
};

const CONTROL_KEYS: Readonly<Record<string, Key>> = {
  [ESCAPE]: "escape",
  "\x03": "ctrl-c",
  "\x0c": "ctrl-l",
  "\x1a": "ctrl-z",
};
