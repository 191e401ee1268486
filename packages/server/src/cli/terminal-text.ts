import { stripVTControlCharacters, styleText } from "node:util";
import type { CliIo, CliStream } from "./cli-io.ts";

/** Colours and weights that the command line uses. */
export type TextStyle = "bold" | "dim" | "red" | "yellow" | "green";

/** Writes text in a style, or plainly where the stream takes no colours. */
export type Paint = (style: TextStyle, text: string) => string;

/** Whether a stream takes colours: only a terminal does, and not with NO_COLOR or TERM=dumb. */
export function hasColours(stream: CliStream, env: CliIo["env"]): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

/** Makes the {@link Paint} of a stream. */
export function painter(stream: CliStream, env: CliIo["env"]): Paint {
  const colours = hasColours(stream, env);
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

/** Stored text on one line, without what would steer the terminal. */
export function singleLine(text: string, longest: number = Number.POSITIVE_INFINITY): string {
  const line = stripVTControlCharacters(text)
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** Stored text with its line breaks, without what would steer the terminal. */
export function safeLines(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, "");
}

/** `1 task result`, `2 task results`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
