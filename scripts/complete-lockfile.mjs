// Adds to package-lock.json the platform packages that the registry at hand did not have when it was written.
//
// A package with a binary for each platform lists them as optional dependencies. `npm install` leaves out of the lockfile
// those it cannot fetch, and `npm ci` then refuses the lockfile as out of sync. Their versions are known all the same,
// because such lists are exact; an entry with the version, the system and the processor is all that `npm ci` needs to
// pass over them here, and to install the right one elsewhere. Run it after every change of dependencies.
import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];

for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const words = name.split(/[/-]/);
    const os = SYSTEMS.filter((system) => words.includes(system));
    const cpu = PROCESSORS.filter((processor) => words.includes(processor));
    if (lock.packages[key] || !/^\d+\.\d+\.\d+/.test(version) || os.length === 0 || cpu.length === 0)
      continue;
    const libc = words.includes("musl")
      ? ["musl"]
      : words.includes("gnu") && os[0] === "linux"
        ? ["glibc"]
        : undefined;
    lock.packages[key] = {
      version,
      cpu,
      ...(parent.dev && { dev: true }),
      ...(libc && { libc }),
      optional: true,
      os,
    };
    added.push(`${name}@${version}`);
  }
}

const names = Object.keys(lock.packages).sort((a, b) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries(names.map((name) => [name, lock.packages[name]]));
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(
  added.length === 0
    ? "package-lock.json is complete."
    : `Added to package-lock.json:\n  ${added.join("\n  ")}`,
);
