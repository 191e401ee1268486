import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const REPOSITORY: string = fileURLToPath(new URL("../..", import.meta.url));

/** A fenced code block. */
export interface CodeBlock {
  readonly language: string;
  /** Its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

/** A link's target as it is written. */
export interface Link {
  readonly line: number;
  readonly target: string;
}

/** One Markdown file, in the parts that tests look at. */
export interface MarkdownFile {
  readonly blocks: readonly CodeBlock[];
  readonly links: readonly Link[];
  /** What a link may name after `#`. */
  readonly anchors: ReadonlySet<string>;
}

/** As the places where this is read make it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** Reads a Markdown file. */
export function readMarkdown(path: string): MarkdownFile {
  const blocks: CodeBlock[] = [];
  const links: Link[] = [];
  const anchors = new Set<string>();
  let open: { language: string; line: number; code: string[] } | null = null;
  for (const [index, text] of readFileSync(path, "utf8").split("\n").entries()) {
    const line = index + 1;
    const fence = /^ *```(\w*)/.exec(text);
    if (fence !== null) {
      if (open === null) open = { language: fence[1] ?? "", line: line + 1, code: [] };
      else {
        blocks.push({ language: open.language, line: open.line, code: `${open.code.join("\n")}\n` });
        open = null;
      }
    } else if (open !== null) open.code.push(text);
    else {
      const heading = /^#+ (.+)$/.exec(text)?.[1];
      if (heading !== undefined) anchors.add(anchorOf(heading));
      for (const [, target = ""] of text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)\)/g))
        links.push({ line, target });
    }
  }
  if (open !== null) throw new Error(`${path}:${open.line - 1}: a code block that does not end`);
  return { blocks, links, anchors };
}
