import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder of one run; deleted with everything in it. */
export class ScratchFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "taskwright-bench-"));
  #made = 0;

  /** Makes a fresh folder in it. */
  make(): string {
    const path = join(this.path, String(++this.#made));
    mkdirSync(path);
    return path;
  }

  /** Deletes a folder made before. */
  remove(path: string): void {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Deletes everything. */
  removeAll(): void {
    this.remove(this.path);
  }
}
