import assert from "node:assert/strict";
import { RoffPage, roffText } from "../../../src/cli/roff.ts";

Deno.test("roffText keeps every character from being taken for roff", () => {
  assert.equal(roffText(".SH"), "\\&.SH");
  assert.equal(roffText("'x'"), "\\(aqx\\(aq");
  assert.equal(roffText("a\\b"), "a\\(rsb");
  assert.equal(roffText('~ ^ ` "'), "\\(ti \\(ha \\(ga \\(dq");
  assert.equal(roffText("two\nlines"), "two lines");
  assert.equal(roffText("a…😀"), "a\\[u2026]\\[u1F600]");
});

Deno.test("roffText hyphenates words, but no options, addresses, paths", () => {
  assert.equal(roffText("tunnel"), "tunnel");
  for (const word of ["--io", "127.0.0.1:80", "a/b", "BIND_X", "x=1", "me@h"]) {
    assert.match(roffText(word), /^\\%/, word);
  }
});

Deno.test("RoffPage writes headings, paragraphs, entries and code", () => {
  const page = new RoffPage("prog", 1, "prog 1.0");
  page.section("NAME");
  page.nameLine("prog", "does it");
  page.section("SYNOPSIS");
  page.synopsis([["prog a", "X"], ["prog b", ""]]);
  page.section("TEXT");
  page.paragraph("one");
  page.paragraph("two");
  page.entry("", "X", "what X is");
  page.code(["prog  a", "prog b"]);
  assert.equal(
    page.toString(),
    [
      '.TH "PROG" "1" "" "prog 1.0" "User Commands"',
      ".ad l",
      '.SH "NAME"',
      "prog \\- does it",
      '.SH "SYNOPSIS"',
      "\\fBprog a\\fR \\fIX\\fR",
      ".br",
      "\\fBprog b\\fR",
      '.SH "TEXT"',
      "one",
      ".PP",
      "two",
      ".TP",
      "\\fIX\\fR",
      "what X is",
      ".PP",
      ".RS 4",
      ".EX",
      "prog  a",
      "prog b",
      ".EE",
      ".RE",
      "",
    ].join("\n"),
  );
});
