import { accessSync, constants, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TaskError } from "@taskwright/shared";

const MOST_LINKS = 40;

function unavailable(message: string, cause?: unknown): TaskError {
  return new TaskError({ code: "BACKEND_UNAVAILABLE", message, cause });
}

/**
 * The absolute path of a file that need not be there yet, with links followed: SQLite keeps its other files beside the
 * file that a link points to. A link that cannot be followed stays as it is, for {@link checkPath} to refuse.
 */
export function realFile(file: string): string {
  let path = resolve(file);
  for (let followed = 0; followed < MOST_LINKS; followed++) {
    try {
      return realpathSync(path);
    } catch {
      // Nothing is there yet: at the path itself, or at what a link there points to.
      try {
        path = resolve(dirname(path), readlinkSync(path));
      } catch {
        return path;
      }
    }
  }
  return path;
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as { code?: string };
    // A file where a folder should be: the folder itself is looked at, and says so.
    if (code === "ENOTDIR") return undefined;
    throw unavailable(`${path} cannot be looked at (${code}). Give this process the right to.`, error);
  }
}

function kindOf(entry: Stats): string {
  if (entry.isDirectory()) return "a folder";
  return entry.isFile() ? "a file" : "a device, pipe or socket";
}

function checkWritable(path: string, message: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw unavailable(message, error);
  }
}

/**
 * Refuses a path that cannot be a database, in words of its own; SQLite would only say that it cannot open it, or would
 * open a read-only file and fail at the first write. Throws BACKEND_UNAVAILABLE.
 */
export function checkPath(file: string): void {
  const folder = dirname(file);
  const folderEntry = lookAt(folder);
  if (folderEntry === undefined) {
    throw unavailable(`The folder ${folder} for the database ${file} does not exist. Make it first.`);
  }
  if (!folderEntry.isDirectory()) {
    throw unavailable(
      `The database ${file} must be in a folder, and ${folder} is ${kindOf(folderEntry)}. Choose another path.`,
    );
  }
  const entry = lookAt(file);
  if (entry !== undefined && !entry.isFile()) {
    throw unavailable(`The database ${file} must be a file, and is ${kindOf(entry)}. Choose another path.`);
  }
  if (entry !== undefined) {
    checkWritable(
      file,
      `The database ${file} must be writable, and is read-only for this process. Give it the right to read and write the file.`,
    );
  }
  checkWritable(
    folder,
    `The folder ${folder} of the database must be writable, and is read-only for this process: SQLite keeps two more files beside the database. Give it the right to write the folder.`,
  );
}
