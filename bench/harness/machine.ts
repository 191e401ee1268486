import { execFileSync } from "node:child_process";
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { median } from "./statistics.ts";

/** What the numbers were taken on; without it they mean nothing. */
export interface Machine {
  readonly takenAt: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly sqlite: string;
  /** Of the folder that the stores are in. */
  readonly filesystem: string;
  /** One small write made durable there, in milliseconds; what a single awaited enqueue cannot be faster than. */
  readonly syncMs: number;
  /** Runnable processes over the last minute when the run began: well above 0 means that the machine had other work. */
  readonly loadBefore: number;
}

const SYNCS = 60;

const FILESYSTEMS: Readonly<Record<number, string>> = {
  61267: "ext4",
  16914836: "tmpfs",
  2435016766: "btrfs",
  1481003842: "xfs",
  2035054128: "overlayfs",
  26985: "nfs",
  801189825: "zfs",
};

function syncMs(folder: string): number {
  const path = join(folder, "sync-probe");
  const file = openSync(path, "w");
  try {
    const page = Buffer.alloc(4_096, 1);
    const times = Array.from({ length: SYNCS }, () => {
      const before = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - before;
    });
    return median(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { encoding: "utf8" }).trim();
    const changed =
      git("status", "--porcelain", "--untracked-files=no", "packages") === "" ? "" : ", changed";
    return git("rev-parse", "--short", "HEAD") + changed;
  } catch {
    return "unknown";
  }
}

/** Looks at this machine, and at the disk under a folder. */
export function describeMachine(folder: string): Machine {
  const all = cpus();
  const { type } = statfsSync(folder);
  return {
    takenAt: new Date().toISOString(),
    commit: commit(),
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? "none",
    filesystem: FILESYSTEMS[type] ?? `0x${type.toString(16)}`,
    syncMs: syncMs(folder),
    loadBefore: loadavg()[0] ?? 0,
  };
}
