// Says where the time of CPU profiles went: node bench/summarize-profile.ts FILE.cpuprofile…
import { readFileSync } from "node:fs";

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const MOST_FUNCTIONS = 45;
const WAITING: ReadonlySet<string> = new Set(["(idle)", "(root)"]);

/** Where a function is at home, for people: an area of ours, a library, or the engine. */
function areaOf({ functionName, url }: ProfileNode["callFrame"]): string {
  if (functionName === "(garbage collector)") return "garbage collector";
  const ours = /packages\/(shared|client|server)\/dist\/(?:(core|worker|backends\/\w+)\/)?/.exec(url);
  if (ours !== null) return [ours[1], ours[2]].filter((part) => part !== undefined).join("/");
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (library !== null) return library[1] ?? "library";
  if (url.includes("/bench/")) return "bench";
  if (url.startsWith("node:")) return "node";
  return url === "" ? "native (node:sqlite, JSON, strings, promises)" : url;
}

function placeOf({ functionName, url, lineNumber }: ProfileNode["callFrame"]): string {
  const file = url.replace(/^.*\/(?:packages|node_modules)\//, "");
  return `${functionName === "" ? "(anonymous)" : functionName}${file === "" ? "" : `  ${file}:${lineNumber + 1}`}`;
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function printSums(title: string, sums: ReadonlyMap<string, number>, total: number, most: number): void {
  console.log(`\n${title}`);
  for (const [name, us] of [...sums].sort((left, right) => right[1] - left[1]).slice(0, most)) {
    console.log(
      `${((us / total) * 100).toFixed(1).padStart(6)} %  ${(us / 1_000).toFixed(0).padStart(7)} ms  ${name}`,
    );
  }
}

const areas = new Map<string, number>();
const functions = new Map<string, number>();
let total = 0;
for (const file of process.argv.slice(2)) {
  const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  profile.samples.forEach((id, index) => {
    const frame = nodes.get(id);
    const us = profile.timeDeltas[index] ?? 0;
    if (frame === undefined || WAITING.has(frame.functionName)) return;
    total += us;
    add(areas, areaOf(frame), us);
    add(functions, placeOf(frame), us);
  });
}
console.log(`${(total / 1_000).toFixed(0)} ms busy in ${process.argv.length - 2} profiles, self time`);
printSums("by area", areas, total, areas.size);
printSums("by function", functions, total, MOST_FUNCTIONS);
