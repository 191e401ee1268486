import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isAllowed, TRANSITIONS } from "./state-machine.ts";

const page = readFileSync(new URL("../../../../docs/lifecycle.md", import.meta.url), "utf8");
const asText = TRANSITIONS.map(({ from, to, by }) => `${from ?? ""} > ${to}: ${by}`).sort();

describe("the transition table", () => {
  it("is what the diagram of docs/lifecycle.md draws", () => {
    const drawn = [...page.matchAll(/^ {2}(\S+) --> (\S+): (.+)$/gm)].map(
      ([, from, to, by]) => `${from === "[*]" ? "" : from} > ${to}: ${by}`,
    );
    expect(drawn.sort()).toEqual(asText);
  });

  it("is what the table of docs/lifecycle.md explains", () => {
    const rows = [
      ...page.matchAll(/^\| *([A-Z]*) *\| *(READY|RUNNING|SUCCESSFUL|FAILED|CANCELLED) *\| *([^|]+)\|/gm),
    ].map(([, from, to, by]) => `${from} > ${to}: ${by?.trim()}`);
    expect(rows.sort()).toEqual(asText);
  });

  it("lets a finished task result go nowhere but to a manual retry", () => {
    const fromFinished = TRANSITIONS.filter(
      ({ from }) => from !== null && from !== "READY" && from !== "RUNNING",
    );
    expect(fromFinished.every(({ to, by }) => to === "READY" && by === "manual retry")).toBe(true);
    expect(isAllowed("SUCCESSFUL", "READY")).toBe(false);
    expect(isAllowed("READY", "SUCCESSFUL")).toBe(false);
  });
});
