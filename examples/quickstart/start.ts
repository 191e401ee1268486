// `npm start [-- contacts.csv]`: reads the contacts, has their mails sent, and says how it went.
import { join, resolve } from "node:path";
import { isTaskError } from "@taskwright/shared";
import { withoutRepeats } from "./enqueue-contacts.ts";
import { startProgress } from "./progress.ts";
import { type BadRow, readContacts, UnusableFileError } from "./read-contacts.ts";
import { sendContacts } from "./send-contacts.ts";
import { BadSettingError, makeFolder, readSettings } from "./settings.ts";
import { countFailed, summaryLines } from "./summary.ts";

const EXIT = { done: 0, failed: 1, interrupted: 130 };

const INTERRUPTED = "Interrupted: the mails at hand are finished first (Ctrl-C again: leave at once).";

async function main(file: string): Promise<number> {
  const settings = readSettings();
  const { rows, badRows } = await readContacts(file);
  const { distinct, repeats } = withoutRepeats(rows);
  console.log(`${file}: ${rows.length} ${rows.length === 1 ? "contact" : "contacts"}`);
  printBadRows(badRows);
  if (distinct.length === 0) throw new UnusableFileError("No row of the file can be used.");

  await makeFolder(settings.smtpUrl === undefined ? settings.outbox : settings.folder);
  const progress = startProgress(distinct.length, process.stdout);
  const stop = new AbortController();
  abortOnSignals(stop);
  stop.signal.addEventListener("abort", () => {
    progress.stop();
    console.log(`\n${stop.signal.reason}`);
  });
  const { databaseFile } = settings;
  const onHeld = (count: number) => progress.say(heldText(count));
  const sending = await sendContacts(distinct, { databaseFile, progress, stop, onHeld });

  printBadRows(sending.badRows);
  console.log(`\n${summaryLines({ sending, settings, distinct, repeats, badRows }).join("\n")}`);
  if (stop.signal.aborted) return stop.signal.reason === INTERRUPTED ? EXIT.interrupted : EXIT.failed;
  const isDone = countFailed(sending.tally) === 0 && sending.badRows.length < distinct.length;
  return isDone ? EXIT.done : EXIT.failed;
}

function heldText(count: number): string {
  const mails = count === 1 ? "1 mail is" : `${count} mails are`;
  return `${mails} held by another worker; if that was killed, this run waits about 10 s to take over.`;
}

function printBadRows(badRows: readonly BadRow[]): void {
  for (const { line, reason } of badRows) console.log(`  line ${line}: ${reason}`);
}

/** The first signal waits until the mails at hand are sent; at the second, the worker does so alone. */
function abortOnSignals(stop: AbortController): void {
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort(INTERRUPTED);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
}

// Whoever read our output may have gone (`npm start | head`); the mails are sent all the same.
process.stdout.on("error", () => {});

const USAGE = `Usage: npm start [-- contacts.csv]

Sends a mail to each contact of a CSV file with the columns email, name, subject and body; without one, of the file
that ships with it. SMTP_URL, MAIL_FROM and QUICKSTART_DIR say how and where: see README.md.`;

/** The file that the command line names; undefined when it asks for help. */
function fileFrom(words: readonly string[]): string | undefined {
  if (words.includes("--help") || words.includes("-h")) return undefined;
  const [first, second] = words;
  if (first?.startsWith("-")) throw new BadSettingError(`There is no option ${first}.\n${USAGE}`);
  if (second !== undefined)
    throw new BadSettingError(`One file at a time: run it for ${first}, then for ${second}.`);
  // npm runs scripts from the project's root; INIT_CWD is where the user is.
  return resolve(process.env.INIT_CWD ?? ".", first ?? join(import.meta.dirname, "contacts.csv"));
}

try {
  const file = fileFrom(process.argv.slice(2));
  if (file === undefined) console.log(USAGE);
  else process.exitCode = await main(file);
} catch (error) {
  const isExpected =
    error instanceof UnusableFileError || error instanceof BadSettingError || isTaskError(error);
  console.error(isExpected ? error.message : error);
  process.exitCode = EXIT.failed;
}
