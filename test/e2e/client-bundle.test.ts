import { expect, test } from "vitest";
import { bundle } from "../../bench/size/bundle.ts";

test("a frontend's bundle has no schema, no server code, and a page loads at most a quarter more than tRPC's client", async () => {
  const [ours, trpc] = await Promise.all([bundle("taskwright"), bundle("trpc")]);
  const packages = ours.modules.map(
    (path) => /(?:node_modules|packages)\/((?:@trpc\/)?[\w-]+)\/(?!.*node_modules)/.exec(path)?.[1],
  );
  // tRPC's client stands on small parts of its server's package.
  expect(new Set(packages.filter((name) => name !== undefined))).toEqual(
    new Set(["shared", "client", "@trpc/client", "@trpc/server"]),
  );
  expect(ours.modules.filter((path) => /zod|task-payload|init-tasks/.test(path))).toEqual([]);
  expect(ours.firstBytes).toBeLessThan(trpc.firstBytes * 1.25);
  expect(ours.firstBytes).toBeLessThan(ours.allBytes);
});
