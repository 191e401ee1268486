import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The script of the installed TypeScript's command `tsc`; its package exports it only as a command. */
export const TSC: string = join(
  dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
  "bin",
  "tsc",
);
