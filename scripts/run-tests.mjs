// Runs the tests, prints what was left out and why, and ends with the line "N passed, N failed, N skipped".
// Arguments go on to vitest: npm test -- test/e2e -t "some name"
import "./require-node.mjs";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Imported only now: a Node that is too old has been told so, and cannot read TypeScript.
const { parseCLI, startVitest } = await import("vitest/node");
const { formatUntested, readUntested, REPORT_DIR_VARIABLE } = await import(
  "../test/harness/untested-report.ts"
);
const { requiredServices } = await import("../test/harness/services.ts");
const { provideServers } = await import("../test/harness/own-servers/provide-servers.ts");

try {
  requiredServices();
} catch (error) {
  console.error(error.message);
  process.exit(2);
}

const reportDir = mkdtempSync(join(tmpdir(), "taskwright-tests-"));
process.env[REPORT_DIR_VARIABLE] = reportDir;

const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
if (!options.reporter) options.reporters = ["default"];

/** Prints even what a pipe cannot take at once: console.log() would leave the rest for later, and there is none at an exit. */
function printWhole(text) {
  const bytes = Buffer.from(text);
  const moment = new Int32Array(new SharedArrayBuffer(4));
  let tries = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(process.stdout.fd, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN" || ++tries > 3_000) throw error;
      Atomics.wait(moment, 0, 0, 10);
    }
  }
}

// The servers of the run end at the exit of this process, which a signal alone would pass over.
for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) {
  process.once(signal, () => process.exit(code));
}

let vitest;
process.on("exit", (code) => {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const unexplained = [];
  for (const file of vitest?.state.getTestModules() ?? []) {
    let failedHere = 0;
    for (const test of file.children.allTests()) {
      const { state, note } = test.result();
      counts[state === "pending" ? "skipped" : state] += 1;
      if (state === "failed") failedHere += 1;
      if (state === "skipped" && note === undefined) unexplained.push(test.fullName);
    }
    // A file that could not be loaded, or a hook outside its tests that failed, is a failure without a failed test.
    if (failedHere === 0 && !file.ok()) counts.failed += 1;
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;

  const said = [formatUntested(readUntested(reportDir))];
  if (unexplained.length > 0 && counts.failed === 0 && !options.testNamePattern) {
    said.push("\nSkipped without a reason; use skipWithReason() of test/harness/services.ts:");
    said.push(...unexplained.map((name) => `  ${name}`));
  }
  said.push(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  printWhole(said.join("\n"));
  rmSync(reportDir, { recursive: true, force: true });
});

const servers = await provideServers(process.env);
for (const [name, { source }] of servers.started) console.log(`Started ${name} from ${source}.`);
try {
  vitest = await startVitest("test", filter, options);
} finally {
  await servers.stop();
}
await vitest.exit();
