/**
 * What there is to say of the program as a whole, for the help and the man page.
 *
 * @module
 */

/** One sentence. */
export const PROGRAM_BRIEF = "bindlink joins several bad uplinks into one tunnel.";

/** What it is for. */
export const PROGRAM_DESCRIPTION =
  "A master runs on a well-connected server, slaves where the internet is bad. Traffic that " +
  "enters one side's tun device leaves the other side's, encrypted on the way.";

/** The way to a tunnel; a comment starts with `#`. */
export const PROGRAM_EXAMPLES: readonly string[] = [
  "# on the server, as root; 203.0.113.5 is its public address",
  "bindlink master",
  "bindlink invite laptop --endpoint 203.0.113.5:4321",
  "# on the laptop, with the token that invite printed",
  "bindlink slave --token bindlink1_... \\",
  "  --proxies 192.168.43.1:1080,192.168.44.1:1080",
  "ping 10.10.10.1",
  '# or keep token and links, so that "bindlink slave" is enough',
  "bindlink join - --proxies 192.168.43.1:1080,192.168.44.1:1080",
  "# completion for bash; also zsh, fish",
  'eval "$(bindlink completion bash)"',
];

/** What everybody should know who gives options. */
export const PROGRAM_FOOTER =
  "Other users of a machine can see a command line: --token-file, BINDLINK_TOKEN and join " +
  "keep a token out of it. Every option has an environment variable, which " +
  '"bindlink COMMAND --help" names; the command line wins.';
