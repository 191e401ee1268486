import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

/** What a browser loads of a program. */
export interface Bundle {
  /** Bytes that are loaded with the page, minified and gzipped. */
  readonly firstBytes: number;
  /** Bytes of all of it, what is loaded on first use included. */
  readonly allBytes: number;
  /** The modules it is made of, by their paths. */
  readonly modules: readonly string[];
}

/** Bundles a program of the folder `entries` for browsers. */
export async function bundle(entry: string): Promise<Bundle> {
  const input = fileURLToPath(new URL(`./entries/${entry}.ts`, import.meta.url));
  const build = await rolldown({ input, platform: "browser", logLevel: "warn" });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  const chunks = output.filter((file) => file.type === "chunk");
  const sizeOf = (code: string) => gzipSync(code, { level: 9 }).length;
  const total = (of: typeof chunks) => of.reduce((sum, { code }) => sum + sizeOf(code), 0);
  return {
    firstBytes: total(chunks.filter(({ isDynamicEntry }) => !isDynamicEntry)),
    allBytes: total(chunks),
    modules: chunks.flatMap(({ moduleIds }) => moduleIds),
  };
}
