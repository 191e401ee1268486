import { defineConfig } from "vitest/config";
import { SlowFirst } from "./test/harness/slow-first.ts";

export default defineConfig({
  test: {
    // Most of the time goes to waiting for databases, not to computing.
    maxWorkers: 4,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts", "test/harness/**/*.test.ts"],
          // What several tests of a folder share; by its name it is built and linted as they are.
          exclude: ["**/*.setup.test.ts"],
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "test/types/**/*.test.ts", "examples/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
