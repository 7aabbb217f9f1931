/**
 * A QR code as lines of text. The only file that knows the encoder.
 *
 * A character shows two modules, one above the other: so a code is about as high as wide, and that of a usual token
 * fits a terminal of 80 columns.
 *
 * @module
 */

import { encodeQR } from "qr";

/** A QR code to print. */
export interface QrText {
  readonly lines: readonly string[];
  /** Characters that a line shows. */
  readonly widthColumns: number;
}

/**
 * Draws a text as a QR code, with the quiet zone of four modules (ISO/IEC 18004 §9.1).
 * @param hasColors black on white by fixed colours, whatever the terminal's; else light modules are drawn in the
 * terminal's text colour, which is right on a dark one, and inverted on a light one, as most readers accept.
 * @throws Error when the text is too long for any QR code (2,953 bytes).
 */
export function qrText(text: string, hasColors: boolean): QrText {
  // Low correction: a screen has no dirt on it, and each step up costs columns.
  const modules = encodeQR(text, "raw", { ecc: "low", border: QUIET_MODULES });
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const upper = modules[y]!;
    // Below an odd last row the quiet zone goes on.
    const lower = modules[y + 1] ?? [];
    const characters = upper.map((isDark, x) => glyph(isDark, lower[x] ?? false, hasColors)).join(
      "",
    );
    lines.push(hasColors ? `${BLACK_ON_WHITE}${characters}${RESET}` : characters);
  }
  return { lines, widthColumns: modules[0]!.length };
}

/** What is drawn in the text colour: the dark modules when that is black, else the light ones. */
function glyph(isUpperDark: boolean, isLowerDark: boolean, hasColors: boolean): string {
  const isUpperDrawn = isUpperDark === hasColors;
  const isLowerDrawn = isLowerDark === hasColors;
  if (isUpperDrawn) return isLowerDrawn ? "\u2588" : "\u2580";
  return isLowerDrawn ? "\u2584" : " ";
}

/** ISO/IEC 18004 §9.1 */
const QUIET_MODULES = 4;

/** Of the 256-colour palette, whose 16 and 231 no theme changes, unlike the first 16. */
const BLACK_ON_WHITE = "\x1b[38;5;16m\x1b[48;5;231m";
const RESET = "\x1b[0m";
